#pragma once

#include <chrono>
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
CLI::App* group(CLI::App& app, const std::string& name, const std::string& text);

// What every list takes.
void add_query(CLI::App* app, client::ListQuery& query);
// Of a list that the API lets be followed.
void add_watch(CLI::App* app, bool& watch);

// --timeout, whose value when absent is in `text`.
void add_timeout(CLI::App* app, std::chrono::milliseconds& timeout, const std::string& text);

// --allow-errors.
CLI::Option* add_allow_errors(CLI::App* app, bool& allows_errors);

// What every change of the model takes.
void add_model_change(CLI::App* app, ModelChangeOptions& options);

// -l, and both --host and -l.
void add_labels(CLI::App* app, HostChoice& hosts);
void add_hosts(CLI::App* app, HostChoice& hosts);
// Refuses the line when neither was given; for a callback of a command.
void require_hosts(const HostChoice& hosts);

// --wait and --no-wait.
struct WaitFlags {
    std::chrono::milliseconds& wait;
    bool& asked;
};
void add_wait(CLI::App* app, WaitFlags flags);

// -f; may be repeated.
void add_files(CLI::App* app, std::vector<std::string>& files);

// The same for a command that changes something on hosts, which must be named.
template <typename Options>
void on_parsed_with_hosts(CLI::App* app, Run& run, const std::shared_ptr<Options>& options,
                          const HostChoice& hosts, Exit (*command)(Session&, const Options&)) {
    app->callback([&run, options, &hosts, command] {
        require_hosts(hosts);
        run = [options, command](Session& session) { return command(session, *options); };
    });
}

}  // namespace evenkeel::cli
