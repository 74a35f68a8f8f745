#include "orchestrator/api/plan_progress.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/plans/reader.hpp"
#include "orchestrator/state/changes.hpp"

namespace evenkeel::api {

PlanProgress::PlanProgress(run::Loop& loop, state::State& state, IsOnline is_online)
    : loop_(loop), state_(state), is_online_(std::move(is_online)) {
    state_.listen([this](const state::Changes& changes) { follow(changes); });
}

Result<PlanProgress::Reached> PlanProgress::read(const plans::Moment& now, std::string_view plan) {
    const state::PlanHosts hosts(now.view);
    Reached reached{EK_TRY(hosts.tally(plan)), {}};
    EK_CHECK(hosts.each_waiting(plan, "", [&](std::string_view host) {
        reached.waiting.emplace_back(host);
        return !now.stops;
    }));
    return reached;
}

json::Value PlanProgress::show(const Reached& reached) const {
    const state::PlanTally& tally = reached.tally;
    const auto unreachable = static_cast<std::uint64_t>(
        std::count_if(reached.waiting.begin(), reached.waiting.end(),
                      [this](const std::string& host) { return !is_online_(host); }));
    return json::Object{{"hosts", tally.hosts},
                        {"waiting", tally.waiting - unreachable},
                        {"succeeded", tally.succeeded},
                        {"failed", tally.failed},
                        {"unreachable", unreachable}};
}

void PlanProgress::wait(const std::string& plan, std::chrono::milliseconds at_most,
                        std::function<void()> callback) {
    const std::uint64_t number = ++last_;
    Waiting& waiting = waiting_[number];
    waiting.plan = plan;
    waiting.callback = std::move(callback);
    waiting.timer = loop_.after(at_most, [this, number] { finish(number); });
    check(number);
}

void PlanProgress::follow(const state::Changes& changes) {
    if (waiting_.empty()) return;
    const auto holds = [](const std::vector<std::string>& ids, const std::string& id) {
        return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    std::vector<std::uint64_t> concerned;
    for (const auto& [number, waiting] : waiting_) {
        if (holds(changes.plans, waiting.plan) || holds(changes.hosts, waiting.host)) {
            concerned.push_back(number);
        }
    }
    for (const std::uint64_t number : concerned) check(number);
}

void PlanProgress::check(std::uint64_t number) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    const auto view = state_.read();
    const auto done = view ? is_done(*view, found->second) : fail(view.error());
    if (done && *done) finish(number);
}

Result<bool> PlanProgress::is_done(const state::View& view, Waiting& waiting) const {
    const state::PlanHosts hosts(view);
    if (!waiting.host.empty() && is_online_(waiting.host) &&
        EK_TRY(hosts.is_waiting(waiting.plan, waiting.host))) {
        return false;
    }
    // Those before it were done, or not connected; from the beginning only if none is left.
    const auto seek = [&](const std::string& after) {
        waiting.host.clear();
        return hosts.each_waiting(waiting.plan, after, [&](std::string_view host) {
            if (is_online_(std::string(host))) waiting.host = host;
            return waiting.host.empty();
        });
    };
    const std::string after = waiting.host;
    if (!after.empty()) EK_CHECK(seek(after));
    if (waiting.host.empty()) EK_CHECK(seek(""));
    return waiting.host.empty();
}

void PlanProgress::finish(std::uint64_t number) {
    auto node = waiting_.extract(number);
    if (!node.empty()) node.mapped().callback();
}

}  // namespace evenkeel::api
