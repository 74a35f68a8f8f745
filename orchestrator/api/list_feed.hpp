#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/run/loop.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/http/stream.hpp"

namespace evenkeel::api {

// The clients that follow a list. Events name the entries that may have changed; each is read, and
// sent if it differs from what was sent last. So the copy of a follower converges to the list, even
// after it missed events, and a slow follower costs one set of keys. An entry is read, and made
// text, once for all followers of its list. All work for all followers is done in turns of at most
// 5 ms, between which the loop serves others: reading what happens and what came after `since`,
// walking the list, sending. [loop]
class ListFeed {
  public:
    // `silence`: time after its last message until a host's verdicts become unknown, without event.
    ListFeed(run::Loop& loop, state::State& state, std::chrono::milliseconds silence);

    struct Order {
        Listing listing;
        Filter filter;
        // Changes after this revision; nothing: the present entries are sent first.
        std::optional<std::uint64_t> since;
    };
    // Sends `added`, `modified`, `deleted` and, whenever all changes were sent, `bookmark`, which
    // alone has an id, until the stream ends.
    Result<void> follow(std::shared_ptr<http::Stream> stream, Order order);
    // Calls back once: true at the first change, false when the time is over. Without a filter no
    // entry is read for it, so an event that changes nothing of the list may count as a change.
    Result<void> wait(Order order, std::chrono::milliseconds at_most,
                      std::function<void(bool)> done);
    std::size_t size() const { return followers_.size(); }

  private:
    struct SentItem {
        std::size_t hash = 0;
        Identity identity;
    };
    struct Follower {
        explicit Follower(Order what) : order(std::move(what)) {}
        Order order;
        std::shared_ptr<http::Stream> stream;  // or:
        std::function<void(bool)> done;
        run::Timer timer;
        std::map<std::string, SentItem> sent;   // as sent last
        std::map<std::string, Identity> dirty;  // to be read and compared
        std::set<std::string> below;    // beginnings of positions that are to go into `dirty`
        std::set<std::string> perhaps;  // entries that an earlier connection may have sent
        std::uint64_t position = 0;     // of the last event in `dirty`
        bool full = false;              // waits for the stream to drain
        bool news = false;              // since the last bookmark
        bool initial = false;           // no bookmark has come yet
        bool queued = false;            // in ready_
        // Being prepared: the events after `past`, up to `past_end`, are yet to be read, and then
        // the list behind `walked` is to be walked.
        std::optional<std::uint64_t> past;
        std::uint64_t past_end = 0;
        std::set<std::string> below_past;  // those that have been in `below`, of the past
        bool walks = false;
        std::string walked;
        bool late = false;  // a wait whose time was over before the past was read

        // A wait for any change at all: an event about the list is one.
        bool takes_any() const { return !stream && order.filter.empty(); }
        bool shows(const ShownItem& shown) const {
            return shown.item() && order.filter.matches(*shown.item());
        }
    };
    using MoreWork = Result<bool>;  // whether there is more to do
    struct Reader;                  // of one list, for one piece of work

    Result<std::uint64_t> begin(Follower follower);
    void schedule(std::uint64_t number);
    void schedule_those_with_work();
    void work_turn();
    void wake();
    bool read_events(std::uint64_t deadline_ns);
    static Result<void> read_past(const state::View& view, Follower& follower,
                                  std::uint64_t deadline_ns);
    Result<void> walk(const state::View& view, Follower& follower, std::uint64_t deadline_ns);
    static void take(const Touched& touched, Follower& follower);
    static void mark(Follower& follower, const std::string& position, const Identity& identity);
    static Result<void> mark_below(const state::View& view, Follower& follower);
    void step(std::uint64_t number, std::uint64_t deadline_ns);
    MoreWork work(Follower& follower, std::uint64_t deadline_ns);
    MoreWork send_changes(const state::View& view, Follower& follower, std::uint64_t deadline_ns);
    MoreWork send_change(Reader& reader, Follower& follower, const std::string& key);
    bool send(Follower& follower, ListChange change, ShownItem& shown, const Identity& known);
    Result<ShownItem*> show(Reader& reader, const std::string& key);
    Result<ShownItem*> show(Reader& reader, const state::Entry& entry);
    void bookmark(Follower& follower);
    void time_over(std::uint64_t number);
    void finish(std::uint64_t number, bool changed);
    void touch_host(const std::string& host);
    void expect_silence(const std::string& host);

    run::Loop& loop_;
    state::State& state_;
    std::chrono::milliseconds silence_;
    bool waking_ = false;
    bool working_ = false;             // a work_turn() is posted or runs
    std::deque<std::uint64_t> ready_;  // followers with work, the one served longest ago first
    std::uint64_t last_ = 0;
    std::uint64_t position_ = 0;  // events up to here are in the followers' `dirty`
    std::map<std::uint64_t, Follower> followers_;
    std::map<std::string, run::Timer> silences_;  // by host
    ShownItems shown_;                            // while there is work
    struct {
        std::uint64_t position = 0;
        bool initial_end = false;
        http::Frame frame;
    } bookmark_;  // the last one, which most followers are sent too
};

}  // namespace evenkeel::api
