#pragma once

#include <functional>
#include <memory>

#include "orchestrator/http/message.hpp"
#include "orchestrator/http/problem.hpp"
#include "orchestrator/http/stream.hpp"

namespace evenkeel::http {

// Answers one request; shared by everything that works on it. Exactly one reply is sent: later ones
// are dropped, and when the last reference is released without one the client gets 500. Must be
// destroyed before the io_context. Tests construct it with functions of their own.
class Responder {
  public:
    using Send = std::function<void(Reply)>;
    using Open = std::function<std::shared_ptr<Stream>()>;

    // `send` is called at most once, from any thread; `open` instead of it, on the loop.
    // `request` gives `instance` and `request_id` to problems.
    Responder(const Request& request, Send send, Open open);
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;
    ~Responder();

    // [any], once, one thread at a time.
    void send(Reply reply);
    void send(const Problem& problem);
    // The same as send(problem_from(error)).
    void send(const Error& error);
    // Asked before a stream is opened; a problem becomes the answer instead. [loop]
    void limit_streams(std::function<std::optional<Problem>()> may_open) {
        may_open_ = std::move(may_open);
    }
    // Turns the answer into server-sent events (200, text/event-stream). Null when answered before,
    // and when limit_streams() has refused it, which is the answer then.
    // For a HEAD the stream is already closed. [loop]
    std::shared_ptr<Stream> open_stream();
    // Called with the stream when one is opened. [loop]
    void on_stream(std::function<void(const std::shared_ptr<Stream>&)> callback) {
        on_stream_ = std::move(callback);
    }

    // Called with the status when the answer goes out, also of a stream. [any]
    void on_answer(std::function<void(int status)> callback) { on_answer_ = std::move(callback); }

    bool answered() const { return answered_; }

  private:
    std::string instance_;
    std::string request_id_;
    Send send_;
    Open open_;
    std::function<std::optional<Problem>()> may_open_;
    std::function<void(const std::shared_ptr<Stream>&)> on_stream_;
    std::function<void(int)> on_answer_;
    bool answered_ = false;
};

}  // namespace evenkeel::http
