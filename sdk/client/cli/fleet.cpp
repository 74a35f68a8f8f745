#include "sdk/client/cli/fleet.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/plan_view.hpp"
#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::cli {
namespace {

using client::Command;
using client::Failure;
using client::FleetApplied;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kItemBytesMost = 64 << 20;
constexpr std::size_t kOfflineNamed = 20;

// The ids of those that are not connected. What the API does not tell counts as online.
std::set<std::string> offline_among(client::Client& client, const std::string& target) {
    std::set<std::string> offline;
    const auto known = client.hosts({.filter = target});
    if (!known) return offline;
    for (const client::Host& host : *known) {
        if (host.connection != "online") offline.insert(host.id);
    }
    return offline;
}

std::string filter_of(const FleetApplied& applied) {
    return "request_id = " + applied.request_id;
}

// The commands of one request, as they were last heard of.
class Commands {
  public:
    // Nobody waits for those of the `offline` hosts.
    Commands(const FleetApplied& applied, std::set<std::string> offline)
        : offline_(std::move(offline)) {
        for (const auto& [state, count] : applied.commands) missing_ += count;
    }

    // Until all have ended that are waited for, or the time is over.
    client::Result<> follow(client::Client& client, const std::string& filter,
                            milliseconds timeout) {
        client::Request list{.path = "/v1/commands", .query = {{"filter", filter}}};
        return client.watch(
            std::move(list),
            [this](const std::vector<client::ListChange>& changes) {
                is_lost_ = false;
                for (const client::ListChange& change : changes) take(change);
                return missing_ > 0 || !awaited_.empty();
            },
            [this](const Failure&) { is_lost_ = true; }, std::max(timeout, milliseconds(1)));
    }

    // What has ended and was not told before the time was over.
    void look_again(client::Client& client, const std::string& filter) {
        auto all = client.commands({{.filter = filter}});
        if (!all) return;
        for (Command& command : *all) take(std::move(command));
    }

    // Whether the connection that the commands are followed on is there.
    bool is_followed() const { return !is_lost_; }

    bool all_ended() const {
        return missing_ <= 0 && std::all_of(by_id_.begin(), by_id_.end(),
                                            [](const auto& one) { return one.second.finished(); });
    }

    // One result for each command; what is not finished and was waited for has the failure that
    // ended the waiting. `offline_now`: hosts that are not connected.
    std::vector<HostResult> results(const std::optional<Failure>& ended,
                                    const std::set<std::string>& offline_now) const {
        std::vector<HostResult> results;
        for (const auto& [id, command] : by_id_) {
            const bool waived = offline_.contains(command.host);
            HostResult result{command.host, command, {}, waived};
            if (offline_now.contains(command.host)) result.offline = true;
            if (!command.finished() && !waived) result.failure = ended;
            results.push_back(std::move(result));
        }
        return results;
    }

  private:
    void take(const client::ListChange& change) {
        const auto item = json::parse(change.json, {.bytes = kItemBytesMost});
        if (item && change.event != "deleted") take(client::decode_command(*item));
    }
    void take(Command command) {
        if (command.finished() || offline_.contains(command.host)) awaited_.erase(command.id);
        else awaited_.insert(command.id);
        const std::string id = command.id;
        if (by_id_.insert_or_assign(id, std::move(command)).second) --missing_;
    }

    const std::set<std::string> offline_;
    std::map<std::string, Command> by_id_;
    std::set<std::string> awaited_;
    std::int64_t missing_ = 0;  // of which nothing was heard yet
    bool is_lost_ = false;
};

bool has_failed(const HostResult& result) {
    return !result.command || (result.command->finished() && !result.command->succeeded());
}

// "3 hosts: 1 succeeded, 1 failed, 1 offline".
std::string summary_of(const FleetApplied& applied, const std::vector<HostResult>& results) {
    std::int64_t succeeded = 0;
    std::int64_t failed = applied.refused_count;
    std::int64_t offline = 0;
    for (const HostResult& result : results) {
        if (!result.command) continue;  // counted as refused
        if (has_failed(result)) ++failed;
        else if (result.command->finished()) ++succeeded;
        else if (result.offline) ++offline;
    }
    const std::int64_t unfinished = applied.hosts - succeeded - failed - offline;
    std::string words = counted(static_cast<std::size_t>(applied.hosts), "host") + ": " +
                        std::to_string(succeeded) + " succeeded, " + std::to_string(failed) +
                        " failed, " + std::to_string(offline) + " offline";
    if (unfinished > 0) words += ", " + std::to_string(unfinished) + " not finished";
    return words;
}

std::vector<HostResult> refusals_of(const FleetApplied& applied) {
    std::vector<HostResult> refused;
    for (const client::Refusal& refusal : applied.refused) {
        refused.push_back({refusal.host,
                           {},
                           Failure{.kind = client::Kind::problem,
                                   .code = refusal.reason.code,
                                   .detail = refusal.reason.detail}});
    }
    return refused;
}

// Those that failed, with the names of their hosts.
std::vector<HostResult> failed_of(Session& session, const std::vector<HostResult>& results) {
    std::vector<HostResult> failed;
    std::copy_if(results.begin(), results.end(), std::back_inserter(failed), has_failed);
    for (HostResult& result : failed) result.host = session.host_name(result.host);
    return failed;
}

void tell_failed(const Session& session, const FleetApplied& applied,
                 const std::vector<HostResult>& failed) {
    for (const HostResult& result : failed) {
        if (result.command) Output::message(line_of(result));
        else session.fail(*result.failure, result.host);
    }
    const auto unnamed = applied.refused_count - static_cast<std::int64_t>(applied.refused.size());
    if (unnamed > 0) Output::message("and " + std::to_string(unnamed) + " more were refused");
}

// The first of those whose commands wait for them.
void tell_offline(Session& session, const std::vector<HostResult>& results) {
    std::string names;
    std::size_t count = 0;
    for (const HostResult& result : results) {
        if (!result.offline || result.command->finished() || ++count > kOfflineNamed) continue;
        names += (names.empty() ? "" : ", ") + session.host_name(result.host);
    }
    if (count == 0) return;
    if (count > kOfflineNamed) names += " and " + std::to_string(count - kOfflineNamed) + " more";
    Output::message("not connected, the commands wait: " + names);
}

void tell_how_to_follow(const FleetApplied& applied) {
    Output::message("follow them with: ek get commands --filter '" + filter_of(applied) + "'");
}

// Where nothing is waited for: what the API answered.
Exit show_answer(Session& session, const FleetApplied& applied, const ApplyOptions& options) {
    const Output& output = session.output();
    if (output.is_data() && !output.is_name()) output.data(applied.json);
    tell_failed(session, applied, failed_of(session, refusals_of(applied)));
    const std::string hosts = counted(static_cast<std::size_t>(applied.hosts), "host");
    const std::string accepted = std::to_string(applied.hosts - applied.refused_count);
    if (options.dry_run) {
        Output::message("dry run: of " + hosts + " the orchestrator would accept it for " +
                        accepted + "; ask a host itself with: ek diff -f FILE --host HOST");
    } else {
        Output::message(hosts + ": " + accepted + " have a command, " +
                        std::to_string(applied.refused_count) + " failed");
        tell_how_to_follow(applied);
    }
    return applied.refused_count > 0 ? Exit::hosts_failed : Exit::done;
}

Exit show_results(Session& session, const FleetApplied& applied, const ApplyOptions& options,
                  std::vector<HostResult> results) {
    for (HostResult& refused : refusals_of(applied)) results.push_back(std::move(refused));
    const std::vector<HostResult> failed = failed_of(session, results);
    print_changes(session, session.output().is_data() ? results : failed, options);
    tell_failed(session, applied, failed);
    tell_offline(session, results);
    Output::message(summary_of(applied, results));
    const bool all_ended = std::all_of(results.begin(), results.end(), [](const auto& result) {
        return !result.command || result.command->finished();
    });
    // Nothing may have been heard of some yet; of those that are refused at most 100 are told.
    const bool all_heard = static_cast<std::int64_t>(results.size()) + applied.refused_count >=
                           applied.hosts + static_cast<std::int64_t>(applied.refused.size());
    if (!all_ended || !all_heard) tell_how_to_follow(applied);
    return results.empty() ? Exit::done : exit_of(results, options);
}

}  // namespace

Exit apply_to_fleet(Session& session, const ApplyOptions& options, const ResourceFiles& files) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto until = Clock::now() + options.wait;
    const bool waits = !options.dry_run && options.wait.count() > 0;
    std::set<std::string> offline;
    if (waits && !options.wait_asked) offline = offline_among(**client, options.target);
    const auto applied = (*client)->apply_to_fleet(
        {.filter = options.target}, files.file(), {.dry_run = options.dry_run, .key = options.key});
    if (!applied) return session.fail(files.located(applied.error()));
    if (!waits) return show_answer(session, *applied, options);

    Commands commands(*applied, std::move(offline));
    const auto followed = commands.follow(**client, filter_of(*applied),
                                          std::chrono::ceil<milliseconds>(until - Clock::now()));
    std::optional<Failure> ended;
    if (!followed) ended = followed.error();
    const bool is_late = ended && ended->kind == client::Kind::timeout;
    std::set<std::string> offline_now;
    if (is_late && commands.is_followed()) {
        commands.look_again(**client, filter_of(*applied));
        if (!commands.all_ended()) offline_now = offline_among(**client, options.target);
    }
    const Exit exit =
        show_results(session, *applied, options, commands.results(ended, offline_now));
    if (ended && !is_late) return session.fail(*ended);
    // Nothing may have been heard of a command when the time was over.
    return is_late && exit == Exit::done && !commands.all_ended() ? Exit::timeout : exit;
}

}  // namespace evenkeel::cli
