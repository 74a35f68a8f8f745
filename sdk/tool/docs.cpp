#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "core/base/text.hpp"
#include "sdk/tool/apart.hpp"
#include "sdk/tool/command.hpp"
#include "sdk/tool/plugin_file.hpp"
#include "sdk/tool/reference_page.hpp"

namespace evenkeel::tool {
namespace {

// What the page is made of, from the process that the plugin is loaded into: an object for each
// collection, or a text that says why there is none.
void describe(const std::string& file, const Say& say) {
    const auto tables = tables_of(file);
    if (!tables) return say(tables.error().what);
    for (const json::Value& each : *tables) say(each);
}

Exit write_page(const std::string& file) {
    std::vector<json::Value> collections;
    std::string trouble;
    const auto ended =
        run_apart([&file](const Say& say, const plugin::CancelSource&) { describe(file, say); },
                  [&](const json::Value& one) {
                      if (one.is_string()) {
                          trouble = one.as_string();
                      } else {
                          collections.push_back(one);
                      }
                  },
                  "loading it");
    if (!ended) return fail_with(ended.error());
    if (!trouble.empty()) return fail_with({Errc::internal, trouble});
    const auto page = reference_page(file, collections);
    if (!page) return fail_with(page.error());
    std::fwrite(page->data(), 1, page->size(), stdout);
    return Exit::done;
}

}  // namespace

void add_docs(CLI::App& app, Run& run) {
    const auto file = std::make_shared<std::string>();
    auto* command = app.add_subcommand("docs", "Write the plugin's reference page, in Markdown");
    command->add_option("FILE", *file, "The plugin, NAME.so")->required();
    command->callback([file, &run] { run = [file] { return write_page(*file); }; });
}

}  // namespace evenkeel::tool
