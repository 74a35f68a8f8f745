#pragma once

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "sdk/client/cli/commands.hpp"

// What the files that declare command lines share; CLI11 is heavy, so only they include it.
namespace evenkeel::cli {

using Run = std::function<Exit(Session&)>;

// Remembers which subcommand the line named; its options live as long as the callback.
template <typename Options>
void on_parsed(CLI::App* app, Run& run, const std::shared_ptr<Options>& options,
               Exit (*command)(Session&, const Options&)) {
    app->callback([&run, options, command] {
        run = [options, command](Session& session) { return command(session, *options); };
    });
}

// The group of that name (get, create); made with this text unless another file has made it.
inline CLI::App* group(CLI::App& app, const std::string& name, const std::string& text) {
    const auto there = app.get_subcommands([&](CLI::App* sub) { return sub->get_name() == name; });
    if (!there.empty()) return there.front();
    CLI::App* made = app.add_subcommand(name, text);
    made->require_subcommand(1);
    return made;
}

// What every list takes.
inline void add_query(CLI::App* app, client::ListQuery& query) {
    app->add_option("--filter", query.filter, "Only these: 'field = value AND ...'");
    app->add_option("--order-by", query.order_by, "Sorted: field,-field");
}

// Of a list that the API lets be followed.
inline void add_watch(CLI::App* app, bool& watch) {
    app->add_flag("-w,--watch", watch, "Go on with each change of the list until interrupted")
        ->excludes(app->get_option("--order-by"));
}

}  // namespace evenkeel::cli
