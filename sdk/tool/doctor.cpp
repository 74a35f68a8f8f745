#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "core/base/text.hpp"
#include "core/plugin/load.hpp"
#include "sdk/tool/apart.hpp"
#include "sdk/tool/command.hpp"
#include "sdk/tool/plugin_file.hpp"
#include "sdk/tool/work_folder.hpp"

namespace evenkeel::tool {
namespace {

struct DoctorLine {
    std::string file;
    bool is_dev = false;
    bool require_signatures = false;
    std::vector<std::string> keys;
};

Result<plugin::Trust> trust_of(const DoctorLine& line) {
    plugin::Trust trust;
    trust.accept_own_user = line.is_dev;
    trust.require_signatures = line.require_signatures;
    for (const std::string& key : line.keys) {
        auto parsed = crypto::VerifyKey::parse(key);
        if (!parsed) return fail("--key", parsed.error());
        trust.keys.push_back(std::move(*parsed));
    }
    return trust;
}

// What only shows once its code runs.
std::vector<std::string> troubles_of_code(const std::string& file) {
    const auto data = WorkFolder::make();
    if (!data) return {data.error().what};
    std::vector<std::string> troubles;
    const auto ended = run_apart(
        [&](const Say& say, const plugin::CancelSource&) {
            OpenOptions options;
            options.data_dir = data->path();
            const auto collections = open_plugin(file, options);
            if (!collections) return say(collections.error().what);
            for (const auto& each : *collections) {
                if (const auto trouble = each->trouble()) say(each->name() + ": " + trouble->what);
            }
        },
        [&troubles](const json::Value& trouble) { troubles.push_back(trouble.as_string()); },
        "loading it");
    if (!ended) troubles.push_back(ended.error().what);
    return troubles;
}

Exit examine(const DoctorLine& line) {
    const auto stem = stem_of(line.file);
    if (!stem) return fail_with(stem.error(), Exit::usage);
    const auto trust = trust_of(line);
    if (!trust) return fail_with(trust.error(), Exit::usage);
    std::vector<std::string> troubles;
    for (const Error& refusal : plugin::inspect_package(*stem, *trust).refusals)
        troubles.push_back(refusal.what);
    // Broken files are not run. Who owns them, and who signed them, is no reason not to.
    plugin::Trust own;
    own.accept_own_user = true;
    if (plugin::inspect_package(*stem, own).refusals.empty()) {
        for (std::string& trouble : troubles_of_code(line.file))
            troubles.push_back(std::move(trouble));
    }
    for (const std::string& trouble : troubles) std::printf("%s\n", printable(trouble).c_str());
    if (!troubles.empty()) return Exit::failed;
    std::printf("an agent loads %s\n", printable(line.file).c_str());
    return Exit::done;
}

}  // namespace

void add_doctor(CLI::App& app, Run& run) {
    const auto line = std::make_shared<DoctorLine>();
    auto* command = app.add_subcommand("doctor", "Say why an agent would refuse a plugin");
    command->add_option("FILE", line->file, "The plugin, NAME.so")->required();
    command->add_flag("--dev", line->is_dev,
                      "As an agent with --plugin-dir, which takes files of its own user too");
    command->add_flag("--require-signatures", line->require_signatures,
                      "As an agent with require_signatures");
    command->add_option("--key", line->keys, "A public key of plugin_keys; may be given often")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->callback([line, &run] { run = [line] { return examine(*line); }; });
}

}  // namespace evenkeel::tool
