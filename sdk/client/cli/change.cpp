#include "sdk/client/cli/change.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "sdk/client/cli/plan_view.hpp"
#include "sdk/client/cli/progress.hpp"
#include "sdk/client/cli/watch.hpp"

namespace evenkeel::cli {
namespace {

using client::Command;
using client::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Results = std::vector<HostResult>;

constexpr seconds kPreferMost{60};  // what the API waits in one request
// Of one command among several that are waited for: all have theirs within a second or so.
milliseconds turn_of(std::ptrdiff_t waiting) {
    return std::clamp(milliseconds(1'000) / waiting, milliseconds(20), milliseconds(250));
}

bool ends_all(const std::optional<Failure>& failure) {
    return failure && (failure->kind == client::Kind::cancelled || failure->status == 401);
}

// Those of the hosts that the API says are not connected. What it does not tell counts as online.
std::set<std::string> offline_among(client::Client& client, const std::vector<std::string>& hosts) {
    client::ListQuery query;
    if (hosts.size() == 1) query = narrowed({}, "name", hosts.front());
    std::set<std::string> offline;
    const auto known = client.hosts(query);
    if (!known) return offline;
    for (const client::Host& host : *known) {
        if (host.connection == "online") continue;
        offline.insert(host.name);
        offline.insert(host.id);
    }
    return offline;
}

// Sends one change after the other to the host. With one host, and one change, the API waits.
void send_all(Results& results, client::Client& client, const std::string& host,
              const ChangeOptions& options, const std::vector<Send>& sends,
              const client::ChangeOptions& how) {
    client::ChangeOptions asked = how;
    for (std::size_t i = 0; i < sends.size(); ++i) {
        if (!options.key.empty()) {
            asked.key = options.key + "/" + host;
            if (sends.size() > 1) asked.key += "/" + std::to_string(i);
        }
        auto command = sends[i](client, host, asked);
        if (command) results.push_back({host, *std::move(command), {}});
        else results.push_back({host, {}, command.error()});
        if (ends_all(results.back().failure)) return;
    }
}

// Each that is not finished has its turn until all are, or the time is over: one that goes on for
// long, or waits for its host, does not hide how the others ended.
void wait_for_all(client::Client& client, Results& results, Clock::time_point until) {
    const auto waits = [](const HostResult& result) {
        return result.command && !result.failure && !result.offline && !result.command->finished();
    };
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
        const bool last = left.count() <= 0;
        const auto waiting = std::count_if(results.begin(), results.end(), waits);
        if (waiting == 0) return;
        for (HostResult& result : results) {
            if (!waits(result)) continue;
            const auto turn = waiting == 1 ? left : std::min(turn_of(waiting), left);
            auto finished = client.wait(*result.command, std::max(turn, milliseconds(0)));
            if (finished) {
                result.command = *std::move(finished);
            } else if (last || finished.error().kind != client::Kind::timeout || waiting == 1) {
                result.failure = finished.error();
            }
            if (ends_all(result.failure)) return;
        }
    }
}

Results send_and_wait(client::Client& client, const std::vector<std::string>& hosts,
                      const ChangeOptions& options, const std::vector<Send>& sends) {
    const auto until = Clock::now() + options.wait;
    const bool waits = !options.dry_run && options.wait.count() > 0;
    std::set<std::string> offline;
    if (waits && !options.wait_asked) offline = offline_among(client, hosts);
    client::ChangeOptions asked{.dry_run = options.dry_run, .overrides = options.overrides};
    if (hosts.size() == 1 && sends.size() == 1 && !offline.contains(hosts.front())) {
        asked.wait = std::min(std::chrono::ceil<seconds>(options.wait), kPreferMost);
    }
    Results results;
    for (const std::string& host : hosts) {
        const std::size_t before = results.size();
        send_all(results, client, host, options, sends, asked);
        for (std::size_t i = before; i < results.size(); ++i) {
            results[i].offline = offline.contains(host);
        }
        if (!results.empty() && ends_all(results.back().failure)) return results;
    }
    if (waits) wait_for_all(client, results, until);
    return results;
}

// What "succeeded" alone does not say: that something was done to no machine.
std::string what_it_means(const Command& command) {
    if (!command.succeeded()) return "";
    if (command.verb == "forget") {
        for (const auto& resource : command.resources) {
            if (!resource.notes.empty()) return ": " + resource.notes.front();
        }
        return ": the description is dropped, the machine is as it was";
    }
    const auto planned =
        std::count_if(command.resources.begin(), command.resources.end(), [](const auto& resource) {
            return resource.outcome == "planned" && resource.action.empty();
        });
    if (planned == 0) return "";
    const std::string of = counted(static_cast<std::size_t>(planned), "resource");
    if (command.verb == "remove") {
        return ": nothing was deleted of " + of + ", whose policy is audit; the description" +
               (planned == 1 ? " is" : "s are") + " dropped";
    }
    return ": nothing was changed of " + of + ", whose policy is audit";
}

void tell_command(const HostResult& result, bool dry_run) {
    const Command& command = *result.command;
    if (dry_run) {
        Output::message(result.host + ": dry run: " + words_of(summary_of(command)));
        return;
    }
    Output::message(line_of(result));
    if (command.finished()) return;
    if (result.offline) {
        Output::message(result.host +
                        " is not connected: the command waits for it; --wait waits too");
    }
    Output::message("follow it with: ek describe command " + command.id);
}

bool needs_plan(const HostResult& result) {
    return result.failure && result.failure->code == "plan-required";
}

void tell(Session& session, const Results& results, bool dry_run) {
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
    if (std::any_of(results.begin(), results.end(), needs_plan))
        Output::message(
            "with --plan, ek apply -f FILE --host, ek delete and ek forget make a plan, which "
            "somebody else approves");
}

Exit exit_of_one(const HostResult& result, const ChangeOptions& options) {
    if (result.failure) return exit_of(*result.failure);
    const Command& command = *result.command;
    if (!options.dry_run) {
        return result.offline && !command.finished() ? Exit::hosts_failed : exit_of(command);
    }
    // An answer that is not about all of them is none.
    const PlanSummary plan = summary_of(command);
    if (plan.failed + plan.skipped > 0 || command.error) return Exit::failed;
    return options.exit_code && !plan.changes_nothing() ? Exit::pending : Exit::done;
}

bool of_several_hosts(const Results& results) {
    return std::any_of(results.begin(), results.end(), [&results](const HostResult& result) {
        return result.host != results.front().host;
    });
}

}  // namespace

std::string line_of(const HostResult& result) {
    const Command& command = *result.command;
    std::string line = result.host + ": command " + command.id + " " + command.state;
    if (command.error) line += ": " + command.error->code + ": " + command.error->detail;
    else line += what_it_means(command);
    return line;
}

Exit exit_of(const Results& results, const ChangeOptions& options) {
    if (results.empty()) return Exit::no_host;
    const bool several = of_several_hosts(results);
    Exit all = Exit::done;
    for (const HostResult& result : results) {
        const Exit one = exit_of_one(result, options);
        if (one == Exit::unauthenticated || one == Exit::interrupted) return one;
        if (one == Exit::done || (one == Exit::pending && all != Exit::done)) continue;
        const bool broken = one != Exit::pending && several;
        all = broken ? Exit::hosts_failed : one;
    }
    return all;
}

Exit change_hosts(Session& session, const ChangeOptions& options, const Send& send) {
    return change_hosts(session, options, std::vector{send});
}

Exit change_hosts(Session& session, const ChangeOptions& options, const std::vector<Send>& sends) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    std::optional<Progress> progress;
    const bool waits = !options.dry_run && options.wait.count() > 0;
    if (waits && !session.output().is_data()) progress.emplace(session.config(), *hosts);
    const Results results = send_and_wait(**client, *hosts, options, sends);
    progress.reset();
    print_changes(session, results, options);
    tell(session, results, options.dry_run);
    return exit_of(results, options);
}

}  // namespace evenkeel::cli
