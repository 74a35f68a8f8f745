#include "orchestrator/api/list_feed.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "orchestrator/api/turn.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"

namespace evenkeel::api {
namespace {

// Entries for one follower before the next one's turn.
constexpr std::size_t kStep = 200;
// Kept free in a stream for one.
constexpr std::size_t kBookmarkBytes = 512;
constexpr json::Limits kEventLimits{.bytes = 16 << 20};

// Marks in followers' `dirty` at once, about.
constexpr std::size_t kMarksMost = 5'000;

// Whether something in the list may have changed.
bool concerns(const state::List& list, const Touched& touched) {
    return std::any_of(touched.positions.begin(), touched.positions.end(),
                       [&](const auto& one) { return list.covers(one.first); }) ||
           std::any_of(touched.beginnings.begin(), touched.beginnings.end(),
                       [&](const std::string& one) { return list.meets(one); });
}

using VisitEvent =
    std::function<bool(std::uint64_t, const state::StoredEvent&, const json::Value& data)>;

Result<void> each_event(const state::View& view, std::uint64_t after, const VisitEvent& visit) {
    return view.events().after(after, [&](std::uint64_t revision, const state::StoredEvent& event) {
        const auto body = json::parse(event.body, kEventLimits);
        return !body || visit(revision, event, (*body)["data"]);
    });
}

}  // namespace

struct ListFeed::Reader {
    const state::View& view;
    const Listing& listing;
    PageSource::Make make = {};  // once it is needed

    Result<ShownItem> read(const state::Entry& entry) {
        if (!make) make = listing.make_for(view);
        auto item = make(entry);
        if (!item) return fail(Errc::internal, item.error().detail);
        if (!*item) return ShownItem();
        return ShownItem(**std::move(item), listing.identity(entry));
    }
};

ListFeed::ListFeed(run::Loop& loop, state::State& state, std::chrono::milliseconds silence)
    : loop_(loop), state_(state), silence_(silence) {
    state_.listen([this](const state::Changes& changes) {
        if (!changes.events.empty()) wake();
    });
}

Result<void> ListFeed::follow(std::shared_ptr<http::Stream> stream, Order order) {
    Follower follower(std::move(order));
    follower.stream = stream;
    follower.initial = true;
    const std::uint64_t number = EK_TRY(begin(std::move(follower)));
    stream->on_drained([this, number] {
        const auto found = followers_.find(number);
        if (found == followers_.end() || !found->second.full) return;
        found->second.full = false;
        schedule(number);
    });
    // Its own function is running when it closes: it is taken out afterwards.
    stream->on_closed([this, number] { loop_.post([this, number] { followers_.erase(number); }); });
    return {};
}

Result<void> ListFeed::wait(Order order, std::chrono::milliseconds at_most,
                            std::function<void(bool)> done) {
    Follower follower(std::move(order));
    follower.done = std::move(done);
    const std::uint64_t number = EK_TRY(begin(std::move(follower)));
    followers_.at(number).timer = loop_.after(at_most, [this, number] { time_over(number); });
    return {};
}

Result<std::uint64_t> ListFeed::begin(Follower follower) {
    const state::Snapshot view = EK_TRY(state_.read());
    follower.position = EK_TRY(view.revision());
    follower.past = follower.order.since;
    follower.past_end = follower.position;
    follower.walks = !follower.takes_any();
    if (followers_.empty()) position_ = follower.position;
    // What is kept may be older than what this one begins with.
    shown_.clear();
    const std::uint64_t number = ++last_;
    followers_.emplace(number, std::move(follower));
    schedule(number);
    return number;
}

void ListFeed::schedule(std::uint64_t number) {
    const auto found = followers_.find(number);
    if (found == followers_.end() || std::exchange(found->second.queued, true)) return;
    ready_.push_back(number);
    if (!std::exchange(working_, true)) loop_.post([this] { work_turn(); });
}

void ListFeed::schedule_those_with_work() {
    for (const auto& [number, follower] : followers_) {
        const bool has_work = follower.news || !follower.dirty.empty() || !follower.below.empty();
        if (has_work) schedule(number);
    }
}

// One worker for all followers, however many there are: the loop's other work comes between two
// turns.
void ListFeed::work_turn() {
    const std::uint64_t deadline = now_monotonic_ns() + kTurnNs;
    while (!ready_.empty() && !is_over(deadline)) {
        const std::uint64_t number = ready_.front();
        ready_.pop_front();
        step(number, deadline);
    }
    working_ = !ready_.empty();
    if (working_) loop_.post([this] { work_turn(); });
    else shown_.clear();
}

// What came after `since`: to a wait its first change is enough, a stream is sent all of it as it
// is now.
Result<void> ListFeed::read_past(const state::View& view, Follower& follower,
                                 std::uint64_t deadline_ns) {
    if (EK_TRY(view.events().floor()) > *follower.past) {
        // Deleted before they could be read. A stream gets `gone` when it reconnects.
        follower.past.reset();
        follower.news = true;
        if (follower.stream) follower.stream->close_as_slow();
        return {};
    }
    const Listing& listing = follower.order.listing;
    Touched touched;
    bool is_all = true;
    EK_CHECK(each_event(
        view, *follower.past,
        [&](std::uint64_t revision, const state::StoredEvent& event, const json::Value& data) {
            if (revision > follower.past_end) return false;
            follower.past = revision;
            listing.touch(event, data, touched);
            if (!follower.stream) {
                follower.news = follower.news || concerns(listing.list, touched);
                touched = {};
            }
            is_all = !follower.news && !is_over(deadline_ns);
            return is_all;
        }));
    std::erase_if(touched.beginnings, [&](const std::string& beginning) {
        return !follower.below_past.insert(beginning).second;
    });
    take(touched, follower);
    if (is_all) follower.past.reset();
    return {};
}

// What the client has: all that no later event is about, as it is now; or that it has nothing yet.
Result<void> ListFeed::walk(const state::View& view, Follower& follower,
                            std::uint64_t deadline_ns) {
    const Listing& listing = follower.order.listing;
    Reader reader{view, listing};
    Result<void> outcome;
    bool is_all = true;
    const auto visit = [&](const state::Entry& entry) {
        follower.walked = entry.position();
        if (!follower.order.since) {
            follower.dirty.emplace(follower.walked, Identity());
        } else if (!follower.dirty.contains(follower.walked)) {
            const auto shown = show(reader, entry);
            if (!shown) outcome = fail(shown.error());
            if (shown && follower.shows(**shown)) {
                follower.sent[follower.walked] = {(*shown)->hash(), (*shown)->identity()};
            }
        }
        is_all = outcome && !is_over(deadline_ns);
        return is_all;
    };
    EK_CHECK(listing.list.walk(view, visit, std::string(follower.walked)));
    follower.walks = !is_all;
    return outcome;
}

// Several commits in a row cause one wake-up.
void ListFeed::wake() {
    if (waking_ || followers_.empty()) return;
    waking_ = true;
    loop_.post([this] {
        waking_ = false;
        const bool is_all = read_events(now_monotonic_ns() + kTurnNs);
        schedule_those_with_work();
        if (!is_all) wake();
    });
}

void ListFeed::take(const Touched& touched, Follower& follower) {
    const state::List& list = follower.order.listing.list;
    if (follower.takes_any()) {
        follower.news = follower.news || concerns(list, touched);
        return;
    }
    for (const auto& [position, identity] : touched.positions) {
        if (list.covers(position)) mark(follower, position, identity);
    }
    for (const std::string& beginning : touched.beginnings) {
        if (list.meets(beginning)) follower.below.insert(beginning);
    }
}

// What changes while it is being prepared, an earlier connection may have sent.
void ListFeed::mark(Follower& follower, const std::string& position, const Identity& identity) {
    follower.dirty.emplace(position, identity);
    const bool is_prepared = !follower.past && !follower.walks;
    if (follower.order.since && !is_prepared) follower.perhaps.insert(position);
}

// Marks what is there below one beginning, and what the follower knows there.
Result<void> ListFeed::mark_below(const state::View& view, Follower& follower) {
    const auto node = follower.below.extract(follower.below.begin());
    const std::string& beginning = node.value();
    const Listing& listing = follower.order.listing;
    EK_CHECK(listing.list.walk_below(view, beginning, [&](const state::Entry& entry) {
        mark(follower, std::string(entry.position()), listing.identity(entry));
        return true;
    }));
    for (auto at = follower.sent.lower_bound(beginning);
         at != follower.sent.end() && at->first.starts_with(beginning); ++at) {
        mark(follower, at->first, at->second.identity);
    }
    return {};
}

// Whether all that happened is read.
bool ListFeed::read_events(std::uint64_t deadline_ns) {
    const auto read = [&]() -> Result<bool> {
        const state::Snapshot view = EK_TRY(state_.read());
        std::uint64_t now = EK_TRY(view.revision());
        bool is_all = true;
        std::map<std::string, const Listing*> lists;  // one of each name
        for (const auto& [number, follower] : followers_) {
            lists.emplace(follower.order.listing.name, &follower.order.listing);
        }
        std::map<std::string, Touched> touched;  // by name
        std::set<std::string> parted;
        std::size_t events = 0;
        const auto visit = [&](std::uint64_t revision, const state::StoredEvent& event,
                               const json::Value& data) {
            for (const auto& [name, list] : lists) list->touch(event, data, touched[name]);
            if (event.is(state::EventType::host_changed)) parted.emplace(event.host);
            is_all = !is_over(deadline_ns) && ++events * followers_.size() < kMarksMost;
            if (!is_all) now = revision;
            return is_all;
        };
        EK_CHECK(each_event(view, position_, visit));
        position_ = now;
        for (const auto& [name, list] : lists) shown_.drop(name, touched[name]);
        for (auto& [number, follower] : followers_) {
            take(touched[follower.order.listing.name], follower);
            follower.position = now;
        }
        for (const std::string& host : parted) expect_silence(host);
        return is_all;
    }();
    if (!read) log::error("lists cannot be followed", {{"error", read.error().what}});
    return read.value_or(true);
}

// Once the host counts as offline, everything about it is read again.
void ListFeed::expect_silence(const std::string& host) {
    silences_[host] = loop_.after(silence_ + std::chrono::milliseconds(200), [this, host] {
        touch_host(host);
        schedule_those_with_work();
        loop_.post([this, host] { silences_.erase(host); });
    });
}

void ListFeed::touch_host(const std::string& host) {
    Touched touched;
    touched.positions.emplace(state::Hosts::position_of(host), json::Object{{"id", host}});
    shown_.clear();
    touched.beginnings.insert(state::Resources::positions_of(host));
    for (auto& [number, follower] : followers_) take(touched, follower);
}

void ListFeed::step(std::uint64_t number, std::uint64_t deadline_ns) {
    const auto found = followers_.find(number);
    if (found == followers_.end()) return;
    Follower& follower = found->second;
    follower.queued = false;
    if (follower.full || (follower.stream && !follower.stream->is_open())) return;
    const auto more = work(follower, deadline_ns);
    if (!more) {
        log::error("a list cannot be read", {{"error", more.error().what}});
        if (follower.stream) return follower.stream->close();
        return finish(number, true);
    }
    if (!follower.stream && follower.news) return finish(number, true);
    if (follower.late && !follower.past) return finish(number, false);
    if (*more) schedule(number);
}

ListFeed::MoreWork ListFeed::work(Follower& follower, std::uint64_t deadline_ns) {
    const state::Snapshot view = EK_TRY(state_.read());
    // First: what is marked depends on how far it is prepared.
    if (!follower.below.empty()) {
        EK_CHECK(mark_below(view, follower));
        return true;
    }
    if (follower.past) {
        EK_CHECK(read_past(view, follower, deadline_ns));
        return true;
    }
    if (follower.walks) {
        EK_CHECK(walk(view, follower, deadline_ns));
        return true;
    }
    const bool is_done = EK_TRY(send_changes(view, follower, deadline_ns));
    if (!is_done) return !follower.full;
    follower.perhaps.clear();
    if (follower.stream && (follower.news || follower.initial)) bookmark(follower);
    return false;
}

// Whether all of them are sent.
ListFeed::MoreWork ListFeed::send_changes(const state::View& view, Follower& follower,
                                          std::uint64_t deadline_ns) {
    Reader reader{view, follower.order.listing};
    for (std::size_t count = 0; !follower.dirty.empty(); ++count) {
        if (count == kStep || (count > 0 && is_over(deadline_ns))) return false;
        const std::string key = follower.dirty.begin()->first;
        const bool is_sent = EK_TRY(send_change(reader, follower, key));
        if (!is_sent) return false;
        follower.dirty.erase(key);
    }
    return true;
}

// False when the stream has no room: the entry stays in `dirty`.
ListFeed::MoreWork ListFeed::send_change(Reader& reader, Follower& follower,
                                         const std::string& key) {
    ShownItem& shown = *EK_TRY(show(reader, key));
    const auto sent = follower.sent.find(key);
    const bool had = sent != follower.sent.end();
    const bool perhaps = follower.perhaps.contains(key);
    if (!follower.shows(shown)) {
        if (!had && !perhaps) return true;
        const Identity& known = had ? sent->second.identity : follower.dirty.at(key);
        if (!send(follower, ListChange::deleted, shown, known)) return false;
        if (had) follower.sent.erase(sent);
        return true;
    }
    if (had && sent->second.hash == shown.hash()) return true;
    const auto change = had || perhaps ? ListChange::modified : ListChange::added;
    if (!send(follower, change, shown, shown.identity())) return false;
    follower.sent[key] = {shown.hash(), shown.identity()};
    return true;
}

Result<ShownItem*> ListFeed::show(Reader& reader, const std::string& key) {
    const Listing& listing = reader.listing;
    if (ShownItem* kept = shown_.find(listing.name, key)) return kept;
    Result<ShownItem> item = ShownItem();
    EK_CHECK(listing.list.visit(reader.view, key, [&](const state::Entry& entry) {
        item = reader.read(entry);
        return true;
    }));
    return &shown_.keep(listing.name, key, EK_TRY(std::move(item)));
}

Result<ShownItem*> ListFeed::show(Reader& reader, const state::Entry& entry) {
    const std::string& name = reader.listing.name;
    if (ShownItem* kept = shown_.find(name, entry.position())) return kept;
    return &shown_.keep(name, std::string(entry.position()), EK_TRY(reader.read(entry)));
}

bool ListFeed::send(Follower& follower, ListChange change, ShownItem& shown,
                    const Identity& known) {
    follower.news = true;
    if (!follower.stream) return true;
    const http::Frame& frame = shown.frame(change, known);
    follower.full = !follower.stream->has_room_for(frame->size() + kBookmarkBytes);
    return !follower.full && follower.stream->send(frame);
}

void ListFeed::bookmark(Follower& follower) {
    const bool initial_end = follower.initial && !follower.order.since;
    if (!bookmark_.frame || bookmark_.position != follower.position ||
        bookmark_.initial_end != initial_end) {
        const json::Object data{{"revision", follower.position}, {"initial_end", initial_end}};
        bookmark_ = {follower.position, initial_end,
                     http::make_frame(state::event_id(state_.stream().id, follower.position),
                                      "bookmark", json::write(data))};
    }
    follower.stream->send(bookmark_.frame);
    follower.news = false;
    follower.initial = false;
}

// What came before the wait counts, however short it is.
void ListFeed::time_over(std::uint64_t number) {
    const auto found = followers_.find(number);
    if (found == followers_.end()) return;
    found->second.late = true;
    if (!found->second.past) finish(number, false);
}

void ListFeed::finish(std::uint64_t number, bool changed) {
    auto node = followers_.extract(number);
    if (!node.empty()) node.mapped().done(changed);
}

}  // namespace evenkeel::api
