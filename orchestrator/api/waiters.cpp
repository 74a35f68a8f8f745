#include "orchestrator/api/waiters.hpp"

#include <utility>
#include <vector>

#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/commands.hpp"

namespace evenkeel::api {

Waiters::Waiters(run::Loop& loop, state::State& state) : loop_(loop), state_(state) {
    state_.listen([this](const state::Changes& changes) {
        for (const std::string& id : changes.ended_commands) check(id);
    });
}

void Waiters::wait(const state::Command& command, std::chrono::milliseconds at_most,
                   Callback callback) {
    const std::uint64_t number = ++last_;
    Waiting& waiting = waiting_[number];
    waiting.command = command.id;
    waiting.host = command.host;
    waiting.seq = command.seq;
    waiting.callback = std::move(callback);
    waiting.timer = loop_.after(at_most, [this, number, command] { give_up(number, command); });
    by_command_.emplace(command.id, number);
    // It may have ended between its own commit and now.
    check(command.id);
}

void Waiters::check(const std::string& id) {
    const auto first = by_command_.find(id);
    if (first == by_command_.end()) return;
    const auto view = state_.read();
    if (!view) return;
    const Waiting& waiting = waiting_.at(first->second);
    const auto unfinished = view->commands().is_unfinished(waiting.host, waiting.seq);
    if (!unfinished || *unfinished) return;
    const auto command = view->commands().find(id);
    if (!command || !*command || !state::finished((*command)->state)) return;
    std::vector<std::uint64_t> numbers;
    const auto [begin, end] = by_command_.equal_range(id);
    for (auto it = begin; it != end; ++it) numbers.push_back(it->second);
    for (const std::uint64_t number : numbers) finish(number, **command);
}

void Waiters::give_up(std::uint64_t number, const state::Command& as_it_was) {
    const auto view = state_.read();
    const auto now = view ? view->commands().find(as_it_was.id) : fail(view.error());
    finish(number, now && *now ? **now : as_it_was);
}

void Waiters::finish(std::uint64_t number, const state::Command& command) {
    auto node = waiting_.extract(number);
    if (node.empty()) return;
    const auto [begin, end] = by_command_.equal_range(command.id);
    for (auto it = begin; it != end; ++it) {
        if (it->second != number) continue;
        by_command_.erase(it);
        break;
    }
    node.mapped().callback(command);
}

}  // namespace evenkeel::api
