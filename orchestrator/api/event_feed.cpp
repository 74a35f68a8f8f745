#include "orchestrator/api/event_feed.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "orchestrator/api/turn.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/events.hpp"

// Work goes in rounds: new events are read into recent_, then each follower with work is served
// once. So everybody who keeps up gets them from there before they are dropped, and a long replay
// takes one step a round.
namespace evenkeel::api {
namespace {

// Read in one step of a replay, and in one round: half of what is kept, so that nobody who keeps up
// falls behind by it.
constexpr std::size_t kStep = 500;
constexpr std::size_t kRoundBytes = EventFeed::kRecentBytes / 2;
// The lines around an event's body, or an id alone.
constexpr std::size_t kLinesBytes = 256;

}  // namespace

bool EventFilter::matches(std::string_view type, std::string_view of_host) const {
    return (host.empty() || host == of_host) && (types.empty() || types.contains(type));
}

EventFeed::EventFeed(run::Loop& loop, state::State& state) : loop_(loop), state_(state) {
    state_.listen([this](const state::Changes& changes) {
        if (changes.events.empty() || followers_.empty()) return;
        unread_ = true;
        schedule_turn();
    });
}

void EventFeed::follow(std::shared_ptr<http::Stream> stream, EventFilter filter,
                       std::uint64_t after) {
    const auto now = state_.read().and_then([](const auto& view) { return view.revision(); });
    if (!now) {
        log::error("events cannot be read", {{"error", now.error().what}});
        return stream->close();
    }
    if (followers_.empty()) recent_from_ = recent_to_ = *now;
    const std::uint64_t number = ++last_;
    followers_[number] = {
        .stream = stream, .filter = std::move(filter), .sent_up_to = after, .past_end = *now};
    stream->on_drained([this, number] {
        const auto found = followers_.find(number);
        if (found == followers_.end() || !found->second.full) return;
        found->second.full = false;
        schedule(number);
    });
    // Its own function is running when it closes: it is taken out afterwards.
    stream->on_closed([this, number] { loop_.post([this, number] { forget(number); }); });
    unread_ = true;  // its past may end behind what was read last
    schedule(number);
}

void EventFeed::forget(std::uint64_t number) {
    followers_.erase(number);
    if (!followers_.empty()) return;
    recent_.clear();
    recent_bytes_ = 0;
    unread_ = false;
}

void EventFeed::schedule(std::uint64_t number) {
    const auto found = followers_.find(number);
    if (found == followers_.end() || std::exchange(found->second.queued, true)) return;
    ready_.push_back(number);
    schedule_turn();
}

void EventFeed::schedule_turn() {
    if (!std::exchange(working_, true)) loop_.post([this] { turn(); });
}

void EventFeed::turn() {
    const std::uint64_t deadline = now_monotonic_ns() + kTurnNs;
    do {
        if (round_ == 0) {
            if (unread_) read_recent();
            round_ = ready_.size();
        }
        if (round_ == 0) break;
        --round_;
        const std::uint64_t number = ready_.front();
        ready_.pop_front();
        serve(number);
    } while (!is_over(deadline));
    working_ = false;
    if (unread_ || !ready_.empty()) schedule_turn();
}

void EventFeed::read_recent() {
    if (const auto read = read_new_events(); !read) {
        log::error("events cannot be read", {{"error", read.error().what}});
        unread_ = false;  // the next event tries again
        return;
    }
    drop_oldest();
    for (const auto& [number, follower] : followers_) {
        if (!follower.full) schedule(number);
    }
}

Result<void> EventFeed::read_new_events() {
    const state::Snapshot view = EK_TRY(state_.read());
    std::size_t bytes = 0;
    bool is_all = true;
    EK_CHECK(
        view.events().after(recent_to_, [&](std::uint64_t number, const state::StoredEvent& event) {
            is_all = bytes < kRoundBytes;
            if (!is_all) return false;
            recent_.push_back({.revision = number,
                               .type = std::string(event.type),
                               .host = std::string(event.host),
                               .frame = http::make_frame(event.id, event.type, event.body)});
            bytes += recent_.back().frame->size();
            recent_to_ = number;
            return true;
        }));
    if (is_all) recent_to_ = EK_TRY(view.revision());
    unread_ = !is_all;
    recent_bytes_ += bytes;
    return {};
}

void EventFeed::drop_oldest() {
    while (recent_bytes_ > kRecentBytes && recent_.size() > 1) {
        recent_bytes_ -= recent_.front().frame->size();
        recent_from_ = recent_.front().revision;
        recent_.pop_front();
    }
}

void EventFeed::serve(std::uint64_t number) {
    const auto found = followers_.find(number);
    if (found == followers_.end()) return;
    Follower& follower = found->second;
    follower.queued = false;
    if (follower.full || !follower.stream->is_open()) return;
    if (follower.sent_up_to >= recent_from_) return send_recent(follower);
    const auto more = send_stored(follower);
    if (!more) {
        log::error("events cannot be read", {{"error", more.error().what}});
        follower.stream->close();
    } else if (*more) {
        schedule(number);
    }
}

EventFeed::MoreWork EventFeed::send_stored(Follower& follower) {
    const state::Snapshot view = EK_TRY(state_.read());
    if (follower.sent_up_to < EK_TRY(view.events().floor())) {
        // Its unread events are already deleted. It gets `gone` when it reconnects.
        follower.stream->close_as_slow();
        return false;
    }
    std::size_t seen = 0;
    bool is_all = true;
    EK_CHECK(view.events().after(
        follower.sent_up_to, [&](std::uint64_t revision, const state::StoredEvent& event) {
            if (revision > recent_from_) return false;
            is_all = ++seen <= kStep;
            if (!is_all) return false;
            if (follower.filter.matches(event.type, event.host)) {
                follower.full = !follower.stream->has_room_for(event.body.size() + kLinesBytes);
                is_all = !follower.full && follower.stream->send(event.id, event.type, event.body);
                if (!is_all) return false;
            }
            follower.sent_up_to = revision;
            return true;
        }));
    if (is_all) follower.sent_up_to = recent_from_;
    return !follower.full && follower.stream->is_open();
}

void EventFeed::send_recent(Follower& follower) {
    auto next = std::upper_bound(
        recent_.begin(), recent_.end(), follower.sent_up_to,
        [](std::uint64_t after, const RecentEvent& event) { return after < event.revision; });
    for (; next != recent_.end(); ++next) {
        if (follower.filter.matches(next->type, next->host)) {
            follower.full = !follower.stream->has_room_for(next->frame->size());
            if (follower.full || !follower.stream->send(next->frame)) return;
        }
        follower.sent_up_to = next->revision;
    }
    follower.sent_up_to = std::max(follower.sent_up_to, recent_to_);
    if (follower.past_sent || recent_to_ < follower.past_end) return;
    follower.full = !follower.stream->has_room_for(kLinesBytes);
    if (follower.full) return;
    const std::string id = state::event_id(state_.stream().id, recent_to_);
    follower.past_sent = follower.stream->send(http::make_mark(id));
}

void EventFeed::show_live(const std::string& host, state::EventType type, std::string_view subject,
                          const std::string& time, const json::Value& data) {
    http::Frame frame;
    for (auto& [number, follower] : followers_) {
        if (follower.full || !follower.filter.matches(to_string(type), host)) continue;
        if (!frame) {
            frame = http::make_frame("", to_string(type),
                                     state::live_event(type, host, subject, time, data));
        }
        if (follower.stream->has_room_for(frame->size())) follower.stream->send(frame);
    }
}

}  // namespace evenkeel::api
