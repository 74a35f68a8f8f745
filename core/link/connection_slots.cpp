#include "core/link/connection_slots.hpp"

#include <algorithm>

namespace evenkeel::link {

std::optional<ConnectionSlots::Id> ConnectionSlots::arrive(Id id, const std::string& source,
                                                           Clock::time_point now) {
    Sources::value_type& from = source_of(source);
    std::optional<Id> evicted;
    if (from.second.connections >= limits_.per_source_max) {
        if (from.second.waiting.empty()) return id;
        // The source stays known, because it gets the new connection at once.
        ++from.second.connections;
        evicted = evict_oldest_of(from.second);
        --from.second.connections;
    }
    ++from.second.connections;
    Connection& connection = connections_[id];
    connection.source = &from;
    start_waiting(id, connection);
    set_deadline(id, connection, handshake, now);
    return evicted ? evicted : evict_if_crowded();
}

bool ConnectionSlots::take(Id id) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.closing) return false;
    Connection& connection = found->second;
    if (connection.uses == 0) {
        if (taken_ >= limits_.taken_max) return false;
        ++taken_;
        stop_waiting(connection);
        clear_deadline(connection);
    }
    ++connection.uses;
    return true;
}

std::optional<ConnectionSlots::Id> ConnectionSlots::await_request(Id id, Clock::time_point now) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.closing) return std::nullopt;
    Connection& connection = found->second;
    if (connection.uses > 1) {
        --connection.uses;
        return std::nullopt;
    }
    set_deadline(id, connection, request, now);
    if (connection.uses == 0) return std::nullopt;
    connection.uses = 0;
    --taken_;
    start_waiting(id, connection);
    return evict_if_crowded();
}

void ConnectionSlots::closing(Id id, Clock::time_point now) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    found->second.closing = true;
    set_deadline(id, found->second, close, now);
}

void ConnectionSlots::leave(Id id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    clear_deadline(connection);
    if (connection.uses == 0) {
        stop_waiting(connection);
    } else {
        --taken_;
    }
    Sources::value_type& source = *connection.source;
    connections_.erase(found);
    if (--source.second.connections > 0) return;
    by_waiting_[0].erase(source.second.place);
    sources_.erase(sources_.find(source.first));
}

std::vector<ConnectionSlots::Id> ConnectionSlots::take_overdue(Clock::time_point now) {
    std::vector<Id> overdue;
    for (Timeline& timeline : timelines_) {
        while (!timeline.empty() && timeline.front().at <= now) {
            overdue.push_back(timeline.front().id);
            leave(overdue.back());
        }
    }
    return overdue;
}

bool ConnectionSlots::has_deadlines() const {
    return std::any_of(timelines_.begin(), timelines_.end(),
                       [](const Timeline& one) { return !one.empty(); });
}

ConnectionSlots::Sources::value_type& ConnectionSlots::source_of(const std::string& name) {
    const auto [at, fresh] = sources_.try_emplace(name);
    if (fresh) at->second.place = by_waiting_[0].insert(by_waiting_[0].end(), &*at);
    return *at;
}

std::optional<ConnectionSlots::Id> ConnectionSlots::evict_if_crowded() {
    const std::size_t left = limits_.taken_max - taken_;
    if (waiting_ <= std::max({left, limits_.waiting_min, std::size_t{1}})) return std::nullopt;
    return evict_oldest_of(by_waiting_[most_].front()->second);
}

ConnectionSlots::Id ConnectionSlots::evict_oldest_of(Source& source) {
    const Id oldest = source.waiting.front();
    leave(oldest);
    return oldest;
}

void ConnectionSlots::start_waiting(Id id, Connection& connection) {
    auto& waiting = connection.source->second.waiting;
    connection.waits_at = waiting.insert(waiting.end(), id);
    ++waiting_;
    place(*connection.source, waiting.size() - 1);
}

void ConnectionSlots::stop_waiting(Connection& connection) {
    auto& waiting = connection.source->second.waiting;
    waiting.erase(connection.waits_at);
    --waiting_;
    place(*connection.source, waiting.size() + 1);
}

// Its number of waiting connections has changed by one. Of the sources with equally many, the one
// that has had so many for longest comes first.
void ConnectionSlots::place(Sources::value_type& source, std::size_t before) {
    const std::size_t now = source.second.waiting.size();
    if (now >= by_waiting_.size()) by_waiting_.resize(now + 1);
    auto& target = by_waiting_[now];
    target.splice(target.end(), by_waiting_[before], source.second.place);
    most_ = std::max(most_, now);
    if (by_waiting_[most_].empty() && most_ > 0) --most_;
}

void ConnectionSlots::set_deadline(Id id, Connection& connection, Step step,
                                   Clock::time_point now) {
    clear_deadline(connection);
    Timeline& timeline = timelines_[step];
    connection.due_at = timeline.insert(timeline.end(), {now + timeout_of(step), id});
    connection.step = step;
}

void ConnectionSlots::clear_deadline(Connection& connection) {
    if (connection.step) timelines_[*connection.step].erase(connection.due_at);
    connection.step.reset();
}

std::chrono::milliseconds ConnectionSlots::timeout_of(Step step) const {
    if (step == handshake) return limits_.handshake_timeout;
    return step == request ? limits_.request_timeout : limits_.close_timeout;
}

}  // namespace evenkeel::link
