#pragma once

#include <chrono>
#include <cstdint>
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
// after it missed events, and a slow follower costs one set of keys. [loop]
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
    // Calls back once: true at the first change, false when the time is over.
    Result<void> wait(Order order, std::chrono::milliseconds at_most,
                      std::function<void(bool)> done);
    std::size_t size() const { return followers_.size(); }

  private:
    struct SentItem {
        std::size_t hash = 0;
        json::Object identity;
    };
    struct Follower {
        explicit Follower(Order what) : order(std::move(what)) {}
        Order order;
        std::shared_ptr<http::Stream> stream;  // or:
        std::function<void(bool)> done;
        run::Timer timer;
        std::map<std::string, SentItem> sent;       // as sent last
        std::map<std::string, json::Object> dirty;  // to be read and compared
        std::set<std::string> perhaps;  // entries that an earlier connection may have sent
        std::uint64_t position = 0;     // of the last event in `dirty`
        bool full = false;              // waits for the stream to drain
        bool news = false;              // since the last bookmark
        bool initial = false;           // no bookmark has come yet
    };
    using MoreWork = Result<bool>;  // whether there is more to do

    Result<std::uint64_t> begin(Follower follower);
    Result<void> prepare(Follower& follower);
    void wake();
    void read_events();
    Result<void> touch_from(
        const state::View& view, std::uint64_t after,
        const std::function<void(const state::StoredEvent&, const json::Value&)>& visit) const;
    static Result<void> take(const state::View& view, const Touched& touched, Follower& follower);
    void step_all();
    void step(std::uint64_t number);
    MoreWork work(Follower& follower);
    MoreWork send_change(const state::View& view, Follower& follower, const std::string& key,
                         const Pages::Make& make);
    bool send(Follower& follower, std::string_view type, const json::Value& item);
    void bookmark(Follower& follower);
    void finish(std::uint64_t number, bool changed);
    void touch_host(const std::string& host);
    void expect_silence(const std::string& host);

    run::Loop& loop_;
    state::State& state_;
    std::chrono::milliseconds silence_;
    bool waking_ = false;
    std::uint64_t last_ = 0;
    std::uint64_t position_ = 0;  // events up to here are in the followers' `dirty`
    std::map<std::uint64_t, Follower> followers_;
    std::map<std::string, run::Timer> silences_;  // by host
};

}  // namespace evenkeel::api
