#include "sdk/client/cli/change.hpp"

#include <algorithm>
#include <optional>

#include "core/base/text.hpp"
#include "sdk/client/cli/progress.hpp"

namespace evenkeel::cli {
namespace {

using client::Command;
using client::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds kPreferMost{60};  // what the API waits in one request

// With one host the API waits; with several all are sent first, so that they work side by side.
std::vector<HostResult> send_and_wait(client::Client& client, const std::vector<std::string>& hosts,
                                      const ChangeOptions& options, const Send& send) {
    const auto until = Clock::now() + options.wait;
    client::ChangeOptions asked{.dry_run = options.dry_run};
    if (hosts.size() == 1) {
        asked.wait = std::min(std::chrono::ceil<seconds>(options.wait), kPreferMost);
    }
    std::vector<HostResult> results;
    for (const std::string& host : hosts) {
        if (!options.key.empty()) asked.key = options.key + "/" + host;
        auto command = send(client, host, asked);
        if (command) results.push_back({host, *std::move(command), {}});
        else results.push_back({host, {}, command.error()});
        const bool pointless = !command && (command.error().kind == client::Kind::cancelled ||
                                            command.error().status == 401);
        if (pointless) return results;
    }
    if (options.dry_run || options.wait.count() == 0) return results;
    for (HostResult& result : results) {
        if (!result.command) continue;
        const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
        auto finished = client.wait(*result.command, std::max(left, milliseconds(0)));
        if (finished) result.command = *std::move(finished);
        else result.failure = finished.error();
    }
    return results;
}

void add_rows(Table& table, const std::string& host, const client::CommandResource& resource,
              bool dry_run) {
    const std::string what = resource.action.empty() ? "" : "action " + resource.action;
    if (resource.error) {
        table.rows.push_back({host, resource.collection, resource.id, what, "", "",
                              resource.outcome + ": " + resource.error->detail});
    } else if (!resource.action.empty()) {
        table.rows.push_back(
            {host, resource.collection, resource.id, what, "", "", resource.outcome});
    }
    for (const client::Change& change : resource.changes) {
        table.rows.push_back({host, resource.collection, resource.id, change.path,
                              brief(change.before), brief(change.after), change.outcome});
    }
    if (!resource.error && resource.action.empty() && resource.changes.empty()) {
        const bool untouched = dry_run || resource.outcome == "done";
        table.rows.push_back({host, resource.collection, resource.id, "", "", "",
                              untouched ? "no change" : resource.outcome});
    }
}

// The unified diffs of text, to be shown below the table.
std::string diffs_of(const HostResult& result) {
    std::string out;
    for (const auto& resource : result.command->resources) {
        for (const client::Change& change : resource.changes) {
            if (change.diff.empty()) continue;
            out += "\n" + printable(result.host + " " + resource.collection + " " + resource.id) +
                   "\n";
            std::string_view rest = change.diff;
            if (rest.ends_with('\n')) rest.remove_suffix(1);
            for (const std::string& line : split(rest, '\n')) out += printable(line) + "\n";
        }
    }
    return out;
}

void print(Session& session, const std::vector<HostResult>& results, bool dry_run) {
    const Output& output = session.output();
    if (output.is_json()) {
        std::vector<std::string> items;
        for (const HostResult& result : results) {
            if (result.command) items.push_back(result.command->json);
        }
        output.json_items(items);
        return;
    }
    Table table{{"HOST", "COLLECTION", "ID", "FIELD", "BEFORE", "AFTER", "OUTCOME"}, {}};
    std::string diffs;
    for (const HostResult& result : results) {
        if (!result.command) continue;
        // A command that is not finished has nothing to tell about its resources yet.
        if (!dry_run && !result.command->finished()) continue;
        for (const auto& resource : result.command->resources) {
            add_rows(table, result.host, resource, dry_run);
        }
        diffs += diffs_of(result);
    }
    if (!table.rows.empty()) output.table(table);
    output.text(diffs);
}

std::size_t count_changes(const Command& command) {
    std::size_t count = 0;
    for (const auto& resource : command.resources) count += resource.changes.size();
    return count;
}

std::size_t count_actions(const Command& command) {
    return static_cast<std::size_t>(
        std::count_if(command.resources.begin(), command.resources.end(), [](const auto& resource) {
            return !resource.action.empty() && resource.outcome == "planned";
        }));
}

void tell_command(const HostResult& result, bool dry_run) {
    const Command& command = *result.command;
    if (dry_run) {
        const auto counted = [](std::size_t count, const std::string& thing) {
            return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
        };
        const std::size_t actions = count_actions(command);
        Output::message(result.host + ": dry run: " + counted(count_changes(command), "change") +
                        " would be made" +
                        (actions == 0 ? "" : ", " + counted(actions, "action") + " run"));
        return;
    }
    std::string line = result.host + ": command " + command.id + " " + command.state;
    if (command.error) line += ": " + command.error->code + ": " + command.error->detail;
    Output::message(line);
    if (!command.finished()) Output::message("follow it with: ek describe command " + command.id);
}

void tell(Session& session, const std::vector<HostResult>& results, bool dry_run) {
    for (const HostResult& result : results) {
        if (result.failure) session.fail(*result.failure, result.host);
        if (!result.command) continue;
        if (!result.failure) {
            tell_command(result, dry_run);
            continue;
        }
        // Nothing here takes the command back: it goes on without us.
        Output::message("the command goes on; see: ek describe command " + result.command->id +
                        ", stop it with: ek cancel command " + result.command->id);
    }
}

Exit exit_of_one(const HostResult& result, const ChangeOptions& options) {
    if (result.failure) return exit_of(*result.failure);
    const Command& command = *result.command;
    if (!options.dry_run) return exit_of(command);
    const bool failed =
        std::any_of(command.resources.begin(), command.resources.end(),
                    [](const auto& resource) { return resource.outcome == "failed"; });
    if (failed || command.error) return Exit::failed;
    const bool pending = options.exit_code && count_changes(command) + count_actions(command) > 0;
    return pending ? Exit::pending : Exit::done;
}

}  // namespace

Exit exit_of(const std::vector<HostResult>& results, const ChangeOptions& options) {
    if (results.empty()) return Exit::no_host;
    Exit all = Exit::done;
    for (const HostResult& result : results) {
        const Exit one = exit_of_one(result, options);
        if (one == Exit::unauthenticated || one == Exit::interrupted) return one;
        if (one == Exit::done || (one == Exit::pending && all == Exit::hosts_failed)) continue;
        const bool broken = one != Exit::pending && results.size() > 1;
        all = broken ? Exit::hosts_failed : one;
    }
    return all;
}

Exit change_hosts(Session& session, const ChangeOptions& options, const Send& send) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    std::optional<Progress> progress;
    const bool waits = !options.dry_run && options.wait.count() > 0;
    if (waits && !session.output().is_json()) progress.emplace(session.config(), *hosts);
    const auto results = send_and_wait(**client, *hosts, options, send);
    progress.reset();
    print(session, results, options.dry_run);
    tell(session, results, options.dry_run);
    return exit_of(results, options);
}

}  // namespace evenkeel::cli
