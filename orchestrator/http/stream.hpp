#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace evenkeel::http {

// One client's server-sent events: a bounded queue between the API, which sends, and the
// connection, which writes. A client that lets the queue run over gets what is queued, then an
// `error` event `slow-consumer`, and is closed. The server writes keep-alive comments itself.
// Works without a server too, for tests: send, then take. All of it [loop].
class Stream {
  public:
    explicit Stream(std::size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    static constexpr std::size_t kBytesMax = 256 * 1024;

    // Queues one event; without `id` when it is empty (a live-only event, which must not move the
    // client's Last-Event-ID). One larger than the whole queue still passes an empty queue. False
    // when the stream is or gets closed. `id` and `name` are ours; no line ends in them.
    bool send(std::string_view id, std::string_view name, std::string_view data);
    // Moves the client's Last-Event-ID without an event (an `id:` line on its own).
    bool mark(std::string_view id);
    // For a replay from the store: how many bytes still fit. Send while there is room, then wait
    // for on_drained.
    std::size_t room() const;
    // Called each time when everything queued has been written. Replaces the earlier one.
    void on_drained(std::function<void()> callback) { on_drained_ = std::move(callback); }

    // Ends it after what is queued. on_closed is called once, at once, in every case: by close(),
    // by a client that went away or was too slow, at the server's stop, at the latest in the
    // destructor. Replaces the earlier one; called at once when it is closed already.
    void close();
    void on_closed(std::function<void()> callback);
    bool is_open() const { return open_; }

    // The connection's side. take() hands out what is queued, which counts as queued until
    // written(); an empty take from a closed stream is the end.
    std::string take();
    void written();
    // Called when there is something to take, or the end.
    void on_wake(std::function<void()> callback) { on_wake_ = std::move(callback); }

  private:
    bool queue(std::string text);
    void wake() const;

    std::size_t bytes_max_;
    std::string queued_;
    std::size_t in_flight_ = 0;
    bool open_ = true;
    std::function<void()> on_wake_;
    std::function<void()> on_drained_;
    std::function<void()> on_closed_;
};

}  // namespace evenkeel::http
