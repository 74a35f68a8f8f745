#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "orchestrator/http/frame.hpp"

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

    // Queues one event. One larger than the whole queue still passes an empty queue. False when the
    // stream is or gets closed.
    bool send(Frame frame);
    // The same, of one that no other stream sends: see make_frame().
    bool send(std::string_view id, std::string_view name, std::string_view data);
    // Whether so many bytes still fit, which send() would queue: for who has more than that kept
    // elsewhere. Send while there is room, then wait for on_drained.
    bool has_room_for(std::size_t bytes) const;
    // Called each time when everything queued has been written. Replaces the earlier one.
    void on_drained(std::function<void()> callback) { on_drained_ = std::move(callback); }

    // Ends it after what is queued. on_closed is called once, at once, in every case: by close(),
    // by a client that went away or was too slow, at the server's stop, at the latest in the
    // destructor. Replaces the earlier one; called at once when it is closed already.
    void close();
    // The same with `slow-consumer` as the last word: for a client that has missed something.
    void close_as_slow();
    void on_closed(std::function<void()> callback);
    bool is_open() const { return open_; }

    // The connection's side. take() hands out what is queued, which counts as queued until
    // written(); an empty take from a closed stream is the end.
    Frames take();
    void written();
    // Called when there is something to take, or the end.
    void on_wake(std::function<void()> callback) { on_wake_ = std::move(callback); }

  private:
    std::size_t waiting() const { return queued_bytes_ + in_flight_; }
    void wake() const;

    std::size_t bytes_max_;
    Frames queued_;
    std::size_t queued_bytes_ = 0;
    std::size_t in_flight_ = 0;
    bool open_ = true;
    std::function<void()> on_wake_;
    std::function<void()> on_drained_;
    std::function<void()> on_closed_;
};

}  // namespace evenkeel::http
