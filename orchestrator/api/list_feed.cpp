#include "orchestrator/api/list_feed.hpp"

#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"

namespace evenkeel::api {
namespace {

// Entries read in one step, so that one follower does not block the loop.
constexpr std::size_t kStep = 200;
constexpr json::Limits kEventLimits{.bytes = 16 << 20};

// Heartbeats change `last_seen`; that alone is not sent to followers.
std::size_t hash_of(const json::Value& item) {
    if (!item.find("last_seen")) return std::hash<std::string>()(json::write(item));
    json::Value rest = item;
    rest.as_object().erase("last_seen");
    return std::hash<std::string>()(json::write(rest));
}

// The item as the follower's list shows it, or nothing when it is not in it.
Result<std::optional<json::Value>> item_of(const Pages::Make& make, const Filter& filter,
                                           const state::Entry& entry) {
    auto item = make(entry);
    if (!item) return fail(Errc::internal, item.error().detail);
    if (*item && !filter.matches(**item)) item->reset();
    return *std::move(item);
}

}  // namespace

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
        step(number);
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
    followers_.at(number).timer = loop_.after(at_most, [this, number] { finish(number, false); });
    return {};
}

Result<std::uint64_t> ListFeed::begin(Follower follower) {
    EK_CHECK(prepare(follower));
    if (followers_.empty()) position_ = follower.position;
    const std::uint64_t number = ++last_;
    followers_.emplace(number, std::move(follower));
    loop_.post([this, number] { step(number); });
    return number;
}

// What the client has: with `since` all that no later event is about, as it is now.
Result<void> ListFeed::prepare(Follower& follower) {
    const state::Snapshot view = EK_TRY(state_.read());
    const Listing& listing = follower.order.listing;
    follower.position = EK_TRY(view.revision());
    Touched touched;
    if (follower.order.since) {
        EK_CHECK(touch_from(view, *follower.order.since,
                            [&](const state::StoredEvent& event, const json::Value& data) {
                                listing.touch(event, data, touched);
                            }));
        EK_CHECK(take(view, touched, follower));
        for (const auto& [key, identity] : follower.dirty) follower.perhaps.insert(key);
    }
    const Pages::Make make = listing.make_for(view);
    Result<void> outcome;
    EK_CHECK(listing.list.walk(view, [&](const state::Entry& entry) {
        const std::string position(entry.position());
        if (!follower.order.since) {
            follower.dirty.emplace(position, json::Object{});
            return true;
        }
        if (follower.dirty.contains(position)) return true;
        const auto item = item_of(make, follower.order.filter, entry);
        if (!item) outcome = fail(item.error());
        if (item && *item) follower.sent[position] = {hash_of(**item), listing.identity(entry)};
        return outcome.has_value();
    }));
    return outcome;
}

// Several commits in a row cause one wake-up.
void ListFeed::wake() {
    if (waking_ || followers_.empty()) return;
    waking_ = true;
    loop_.post([this] {
        waking_ = false;
        read_events();
        step_all();
    });
}

Result<void> ListFeed::touch_from(
    const state::View& view, std::uint64_t after,
    const std::function<void(const state::StoredEvent&, const json::Value&)>& visit) const {
    return view.events().after(after, [&](std::uint64_t, const state::StoredEvent& event) {
        const auto body = json::parse(event.body, kEventLimits);
        if (body) visit(event, (*body)["data"]);
        return true;
    });
}

// Marks what is there below a beginning, and what the follower knows there.
Result<void> ListFeed::take(const state::View& view, const Touched& touched, Follower& follower) {
    const Listing& listing = follower.order.listing;
    for (const auto& [position, identity] : touched.positions) {
        if (listing.list.covers(position)) follower.dirty.emplace(position, identity);
    }
    for (const std::string& beginning : touched.beginnings) {
        EK_CHECK(listing.list.walk_below(view, beginning, [&](const state::Entry& entry) {
            follower.dirty.emplace(entry.position(), listing.identity(entry));
            return true;
        }));
        for (auto at = follower.sent.lower_bound(beginning);
             at != follower.sent.end() && at->first.starts_with(beginning); ++at) {
            follower.dirty.emplace(at->first, at->second.identity);
        }
    }
    return {};
}

void ListFeed::read_events() {
    const auto read = [&]() -> Result<void> {
        const state::Snapshot view = EK_TRY(state_.read());
        const std::uint64_t now = EK_TRY(view.revision());
        std::map<std::uint64_t, Touched> touched;
        std::set<std::string> parted;
        EK_CHECK(touch_from(view, position_,
                            [&](const state::StoredEvent& event, const json::Value& data) {
                                for (const auto& [number, follower] : followers_) {
                                    follower.order.listing.touch(event, data, touched[number]);
                                }
                                if (event.is(state::EventType::host_changed))
                                    parted.emplace(event.host);
                            }));
        position_ = now;
        for (auto& [number, follower] : followers_) {
            EK_CHECK(take(view, touched[number], follower));
            follower.position = now;
        }
        for (const std::string& host : parted) expect_silence(host);
        return {};
    }();
    if (!read) log::error("lists cannot be followed", {{"error", read.error().what}});
}

// Once the host counts as offline, everything about it is read again.
void ListFeed::expect_silence(const std::string& host) {
    silences_[host] = loop_.after(silence_ + std::chrono::milliseconds(200), [this, host] {
        touch_host(host);
        step_all();
        loop_.post([this, host] { silences_.erase(host); });
    });
}

void ListFeed::touch_host(const std::string& host) {
    const auto view = state_.read();
    if (!view) return;
    Touched touched;
    touched.positions.emplace(state::Hosts::position_of(host), json::Object{});
    touched.beginnings.insert(state::Resources::positions_of(host));
    for (auto& [number, follower] : followers_) {
        const auto taken = take(*view, touched, follower);
        if (!taken) log::error("a list is not followed", {{"error", taken.error().what}});
    }
}

void ListFeed::step_all() {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, follower] : followers_) numbers.push_back(number);
    for (const std::uint64_t number : numbers) step(number);
}

void ListFeed::step(std::uint64_t number) {
    const auto found = followers_.find(number);
    if (found == followers_.end() || found->second.full) return;
    Follower& follower = found->second;
    if (follower.stream && !follower.stream->is_open()) return;
    const auto more = work(follower);
    if (!more) {
        log::error("a list cannot be read", {{"error", more.error().what}});
        if (follower.stream) return follower.stream->close();
        return finish(number, true);
    }
    if (!follower.stream && follower.news) return finish(number, true);
    if (*more) loop_.post([this, number] { step(number); });
}

ListFeed::MoreWork ListFeed::work(Follower& follower) {
    {
        const state::Snapshot view = EK_TRY(state_.read());
        const Pages::Make make = follower.order.listing.make_for(view);
        for (std::size_t count = 0; count < kStep && !follower.dirty.empty(); ++count) {
            const std::string key = follower.dirty.begin()->first;
            const bool is_sent = EK_TRY(send_change(view, follower, key, make));
            if (!is_sent) return false;
            follower.dirty.erase(key);
        }
    }
    if (!follower.dirty.empty()) return true;
    follower.perhaps.clear();
    if (follower.stream && (follower.news || follower.initial)) bookmark(follower);
    return false;
}

// False when the stream has no room: the entry stays in `dirty`.
ListFeed::MoreWork ListFeed::send_change(const state::View& view, Follower& follower,
                                         const std::string& key, const Pages::Make& make) {
    const Listing& listing = follower.order.listing;
    const auto sent = follower.sent.find(key);
    auto item = Result<std::optional<json::Value>>(std::nullopt);
    json::Object identity;
    EK_CHECK(listing.list.visit(view, key, [&](const state::Entry& entry) {
        item = item_of(make, follower.order.filter, entry);
        identity = listing.identity(entry);
        return true;
    }));
    if (!item) return fail(item.error());
    const bool had = sent != follower.sent.end();
    const bool perhaps = follower.perhaps.contains(key);
    if (!*item) {
        if (!had && !perhaps) return true;
        json::Object gone = had ? sent->second.identity : follower.dirty.at(key);
        if (!send(follower, "deleted", std::move(gone))) return false;
        if (had) follower.sent.erase(sent);
        return true;
    }
    const std::size_t hash = hash_of(**item);
    if (had && sent->second.hash == hash) return true;
    if (!send(follower, had || perhaps ? "modified" : "added", **item)) return false;
    follower.sent[key] = {hash, std::move(identity)};
    return true;
}

bool ListFeed::send(Follower& follower, std::string_view type, const json::Value& item) {
    follower.news = true;
    if (!follower.stream) return true;
    const std::string text = json::write(item);
    // Room for the lines around it, and for a bookmark.
    const std::size_t size = text.size() + 512;
    const std::size_t room = follower.stream->room();
    follower.full = room < size && room < http::Stream::kBytesMax;
    return !follower.full && follower.stream->send("", type, text);
}

void ListFeed::bookmark(Follower& follower) {
    const bool initial_end = follower.initial && !follower.order.since;
    follower.stream->send(
        state::event_id(state_.stream().id, follower.position), "bookmark",
        json::write(json::Object{{"revision", follower.position}, {"initial_end", initial_end}}));
    follower.news = false;
    follower.initial = false;
}

void ListFeed::finish(std::uint64_t number, bool changed) {
    auto node = followers_.extract(number);
    if (!node.empty()) node.mapped().done(changed);
}

}  // namespace evenkeel::api
