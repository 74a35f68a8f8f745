#include "sdk/client/cli/plan_steps.hpp"

#include <algorithm>
#include <cstdio>

#include <poll.h>
#include <unistd.h>

#include "core/base/text.hpp"
#include "sdk/client/cli/fleet_view.hpp"
#include "sdk/client/cli/plan_view.hpp"

namespace evenkeel::cli {
namespace {

constexpr const char* kSeeWhy = "see why: ek get hosts, and ek get resources --status failed";

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPreferMost{60};  // what the API waits in one request
constexpr milliseconds kPoll{1000};

std::string path_of(const std::string& id) {
    return "/v1/plans/" + percent_encode(id);
}

json::Value parsed(const std::string& text) {
    return json::parse(text, {.bytes = kPlanBytesMost}).value_or(json::Value());
}

// False when it was interrupted.
bool pause(const client::Cancel* cancel, milliseconds time) {
    pollfd interrupted{cancel != nullptr ? cancel->fd() : -1, POLLIN, 0};
    return ::poll(&interrupted, 1, static_cast<int>(time.count())) == 0;
}

// How many hosts are in each state.
struct PlanProgress {
    std::int64_t hosts = 0;
    std::int64_t waiting = 0;
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
    std::int64_t unreachable = 0;

    explicit PlanProgress(const json::Value& plan) {
        const json::Value& told = plan["progress"];
        hosts = told.integer_or("hosts");
        waiting = told.integer_or("waiting");
        succeeded = told.integer_or("succeeded");
        failed = told.integer_or("failed");
        unreachable = told.integer_or("unreachable");
    }
    std::string words() const {
        std::string out = counted(static_cast<std::size_t>(hosts), "host") + ": " +
                          std::to_string(succeeded) + " succeeded, " + std::to_string(failed) +
                          " failed";
        if (unreachable > 0) out += ", " + std::to_string(unreachable) + " not connected";
        if (waiting > 0) out += ", " + std::to_string(waiting) + " not finished";
        return out;
    }
    bool is_done(bool with_unreachable) const {
        return waiting == 0 && (!with_unreachable || unreachable == 0);
    }
};

// Until all are done, or the time is over.
client::Result<json::Value> follow(Session& session, json::Value plan, Clock::time_point until,
                                   const PlanApplyOptions& options) {
    const auto client = session.open();
    if (!client) return client.error();
    std::string told;
    while (!PlanProgress(plan).is_done(options.wait_asked) && Clock::now() < until) {
        const std::string words = PlanProgress(plan).words();
        if (words != std::exchange(told, words)) Output::message(words);
        const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
        if (!pause(session.config().cancel, std::clamp(left, milliseconds(1), kPoll))) {
            return client::Failure{.kind = client::Kind::cancelled};
        }
        auto now = find_plan(**client, plan.string_or("id"));
        if (!now) return now.error();
        plan = *std::move(now);
    }
    return plan;
}

// Hosts that were allowed not to compile are counted as failed, and are no failure.
std::int64_t failures_of(const json::Value& plan, const PlanApplyOptions& options) {
    const std::int64_t allowed = options.allows_errors ? hosts_with_errors(plan) : 0;
    return std::max<std::int64_t>(PlanProgress(plan).failed - allowed, 0);
}

Exit exit_of(const json::Value& plan, const PlanApplyOptions& options) {
    const PlanProgress progress(plan);
    if (failures_of(plan, options) > 0)
        return progress.hosts == 1 ? Exit::failed : Exit::hosts_failed;
    if (progress.waiting > 0) return options.wait.count() > 0 ? Exit::timeout : Exit::done;
    const bool lacks_hosts = progress.unreachable > 0 && !options.allows_unreachable;
    return lacks_hosts ? Exit::hosts_failed : Exit::done;
}

}  // namespace

client::Result<json::Value> find_plan(client::Client& client, const std::string& id) {
    const auto reply = client.send({.path = path_of(id)});
    if (!reply) return reply.error();
    return parsed(reply->body);
}

void tell_progress(const json::Value& plan) {
    const PlanProgress progress(plan);
    if (progress.hosts > 0) Output::message(progress.words());
    if (progress.failed > 0) Output::message(kSeeWhy);
}

void show_plan(const Output& output, const json::Value& plan) {
    if (output.is_data()) output.data(json::write(plan));
    else output.text(plan_text(plan, output.look().colour));
    Output::message(summary_of_plan(plan));
}

Exit show_new_plan(const Session& session, const client::Plan& made) {
    const auto plan = json::parse(made.json, {.bytes = kPlanBytesMost}).value_or(json::Value());
    show_plan(session.output(), plan);
    Output::message(next_step(plan));
    return Exit::done;
}

std::int64_t hosts_with_errors(const json::Value& plan) {
    return plan["summary"].integer_or("errors");
}

std::string next_step(const json::Value& plan) {
    const std::string id = plan.string_or("id");
    const std::string apply = "ek apply plan " + id;
    if (hosts_with_errors(plan) > 0) {
        return "plan " + id +
               " would be refused, for hosts would not compile; see: ek describe plan " + id +
               "; applied all the same, they keep what they have: " + apply + " --allow-errors";
    }
    if (!plan.bool_or("requires_approval")) return "plan " + id + ": apply it with: " + apply;
    return "plan " + id + " waits for somebody else: ek approve plan " + id + "; then: " + apply;
}

client::Result<> check_can_ask(bool yes) {
    if (yes || ::isatty(STDIN_FILENO) == 1) return {};
    return client::Failure{
        .kind = client::Kind::local,
        .code = kMisused,
        .detail = "there is no terminal to ask on: --yes does it without asking"};
}

bool confirmed(const std::string& question) {
    std::fprintf(stderr, "%s [y/N] ", printable(question).c_str());
    std::fflush(stderr);
    std::string answer;
    for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
        answer.push_back(static_cast<char>(c));
    }
    return answer == "y" || answer == "Y" || answer == "yes";
}

client::Result<json::Value> act_on_plan(Session& session, const json::Value& plan,
                                        const std::string& action, seconds wait,
                                        bool allows_errors) {
    const auto client = session.open();
    if (!client) return client.error();
    const auto reply = (*client)->send({.method = "POST",
                                        .path = path_of(plan.string_or("id")) + ":" + action,
                                        .query = {{"errors", allows_errors ? "allow" : ""}},
                                        .body = json::write(json::Object{{"hash", plan["hash"]}}),
                                        .wait = wait});
    if (reply) return parsed(reply->body);
    const json::Value fresh = parsed(reply.error().json)["plan"];
    if (reply.error().code == "stale-plan" && fresh.is_object()) {
        Output::message("what it would do has changed meanwhile; now it would be:");
        show_plan(session.output(), fresh);
    }
    return reply.error();
}

Exit apply_and_follow(Session& session, const json::Value& plan, const PlanApplyOptions& options) {
    const std::string id = plan.string_or("id");
    const auto until = Clock::now() + options.wait;
    const auto first = std::min(std::chrono::ceil<seconds>(options.wait), kPreferMost);
    auto applied = act_on_plan(session, plan, "apply", first, options.allows_errors);
    if (!applied) {
        if (applied.error().code == "approval-required") {
            Output::message("somebody else approves it with: ek approve plan " + id +
                            "; then: ek apply plan " + id);
        }
        if (applied.error().code == "does-not-compile") {
            Output::message("these hosts keep what they have with: ek apply plan " + id +
                            " --allow-errors");
        }
        return session.fail(applied.error());
    }
    json::Value shown = *std::move(applied);
    const Exit exit = follow_applied(session, shown, until, options);
    if (session.output().is_data()) session.output().data(json::write(shown));
    return exit;
}

Exit follow_applied(Session& session, json::Value& plan, Clock::time_point until,
                    const PlanApplyOptions& options) {
    const std::string id = plan.string_or("id");
    if (options.wait.count() > 0) {
        auto now = follow(session, plan, until, options);
        if (!now) {
            Output::message("the plan goes on; see: ek describe plan " + id);
            return session.fail(now.error());
        }
        plan = *std::move(now);
    }
    const PlanProgress progress(plan);
    // Without hosts there is nothing to follow.
    const std::string words = progress.hosts > 0 ? progress.words() : summary_of_plan(plan);
    Output::message("plan " + id + " is applied; " + words);
    const Exit exit = exit_of(plan, options);
    if (progress.failed > 0) {
        Output::message(kSeeWhy);
    } else if (exit != Exit::done || progress.waiting > 0) {
        Output::message("see: ek describe plan " + id);
    }
    return exit;
}

}  // namespace evenkeel::cli
