#include "orchestrator/api/event_feed.hpp"

#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/events.hpp"

namespace evenkeel::api {
namespace {

// Records read in one step, so that one client's long replay does not block the loop.
constexpr std::size_t kStep = 500;
// The lines around an event's body, or an id alone.
constexpr std::size_t kFrame = 256;

}  // namespace

bool EventFilter::matches(std::string_view type, std::string_view of_host) const {
    return (host.empty() || host == of_host) && (types.empty() || types.contains(type));
}

EventFeed::EventFeed(run::Loop& loop, state::State& state) : loop_(loop), state_(state) {
    state_.listen([this](const state::Changes& changes) {
        if (!changes.events.empty()) wake();
    });
}

void EventFeed::follow(std::shared_ptr<http::Stream> stream, EventFilter filter,
                       std::uint64_t after) {
    const std::uint64_t number = ++last_;
    followers_[number] = {
        .stream = stream, .filter = std::move(filter), .sent_up_to = after, .full = false};
    stream->on_drained([this, number] {
        const auto found = followers_.find(number);
        if (found == followers_.end() || !found->second.full) return;
        found->second.full = false;
        feed(number);
    });
    // Its own function is running when it closes: it is taken out afterwards.
    stream->on_closed([this, number] { loop_.post([this, number] { followers_.erase(number); }); });
    feed(number);
}

// Several commits in a row cause one wake-up.
void EventFeed::wake() {
    if (waking_ || followers_.empty()) return;
    waking_ = true;
    loop_.post([this] { feed_all(); });
}

void EventFeed::feed_all() {
    waking_ = false;
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, follower] : followers_) numbers.push_back(number);
    for (const std::uint64_t number : numbers) feed(number);
}

void EventFeed::feed(std::uint64_t number) {
    const auto found = followers_.find(number);
    if (found == followers_.end() || found->second.full || !found->second.stream->is_open()) return;
    const auto more = feed_some(found->second);
    if (!more) {
        log::error("events cannot be read", {{"error", more.error().what}});
        found->second.stream->close();
    } else if (*more) {
        loop_.post([this, number] { feed(number); });
    }
}

Result<bool> EventFeed::feed_some(Follower& follower) {
    const state::Snapshot view = EK_TRY(state_.read());
    const std::uint64_t floor = EK_TRY(view.events().floor());
    if (follower.sent_up_to < floor) {
        // Too slow: its unread events are already deleted. It gets `gone` when it reconnects.
        follower.stream->close();
        return false;
    }
    std::size_t seen = 0;
    bool more = false;
    EK_CHECK(view.events().after(
        follower.sent_up_to, [&](std::uint64_t revision, const state::StoredEvent& event) {
            more = ++seen > kStep;
            if (more) return false;
            if (follower.filter.matches(event.type, event.host)) {
                const std::size_t size = event.body.size() + kFrame;
                follower.full = follower.stream->room() < size &&
                                follower.stream->room() < http::Stream::kBytesMax;
                if (follower.full) return false;
                if (!follower.stream->send(event.id, event.type, event.body)) return false;
            }
            follower.sent_up_to = revision;
            return true;
        }));
    if (!more && !follower.full && !follower.past_sent) {
        end_past(follower, EK_TRY(view.revision()));
    }
    return more;
}

void EventFeed::end_past(Follower& follower, std::uint64_t now) {
    follower.full = follower.stream->room() < kFrame;
    if (follower.full) return;
    follower.past_sent = follower.stream->mark(state::event_id(state_.stream().id, now));
    follower.sent_up_to = now;
}

void EventFeed::show_live(const std::string& host, state::EventType type, std::string_view subject,
                          const std::string& time, const json::Value& data) {
    const std::string body = state::live_event(type, host, subject, time, data);
    for (auto& [number, follower] : followers_) {
        if (follower.full || !follower.filter.matches(to_string(type), host)) continue;
        if (follower.stream->room() < body.size() + kFrame) continue;
        follower.stream->send("", to_string(type), body);
    }
}

}  // namespace evenkeel::api
