#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "orchestrator/http/head.hpp"
#include "orchestrator/http/reply_text.hpp"
#include "orchestrator/http/server_core.hpp"

// One coroutine a connection:
//
//   run: handshake, then serve_one until it returns false, then close
//   serve_one: receive_head, receive_body, dispatch, wait for the responder, write or stream
//
// Whatever waits for the client has a watchdog; while a reply is awaited the coroutine sleeps on
// `signal`, which the responder cancels. Nothing here throws on what a client does.
//
// No co_await within a condition: g++ 12 compiles `if (co_await a()) { while (co_await b()) ...`
// to a frame whose members are read before they are set.
namespace evenkeel::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

template <typename T>
using Task = asio::awaitable<T>;
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t kChunk = 8 * 1024;
// After an error the rest of the request is read and dropped for a while: a socket closed with
// unread bytes sends a reset, which may overtake the answer.
constexpr std::size_t kLingerBytesMax = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kLinger(2000);
constexpr std::chrono::milliseconds kLingerWhenStopping(100);

// The share of the server's memory for bodies that one request occupies.
class BodyShare {
  public:
    explicit BodyShare(ServerCore& core) : core_(core) {}
    BodyShare(const BodyShare&) = delete;
    BodyShare& operator=(const BodyShare&) = delete;
    ~BodyShare() { core_.body_bytes -= bytes_; }

    bool reserve(std::size_t bytes) {
        if (core_.body_bytes + bytes > core_.options.bodies_bytes_max) return false;
        bytes_ = bytes;
        core_.body_bytes += bytes;
        return true;
    }

  private:
    ServerCore& core_;
    std::size_t bytes_ = 0;
};

class Session {
  public:
    explicit Session(std::shared_ptr<Connection> connection)
        : it_(std::move(connection)), core_(*it_->core) {
        if (core_.tls) tls_.emplace(it_->socket, *core_.tls);
    }

    Task<void> run();

  private:
    Task<bool> handshake();
    Task<bool> serve_one();
    Task<std::optional<Problem>> receive(Head& head, BodyShare& share);
    Task<std::optional<Problem>> receive_head(std::string& text);
    Task<std::optional<Problem>> receive_body(Head& head, BodyShare& share);
    std::optional<Problem> find_head_end(std::size_t& end);
    void dispatch(Request request, bool is_head);
    Task<void> write_stream(ReplyContext context);
    Task<void> close();

    // Appends received bytes to in_. False at the end, on an error and on a timeout.
    Task<bool> read(std::size_t most);
    Task<bool> write(std::string_view bytes);
    std::chrono::milliseconds budget(std::size_t bytes) const;

    std::shared_ptr<Connection> it_;
    ServerCore& core_;
    std::optional<asio::ssl::stream<tcp::socket&>> tls_;
    std::string in_;           // received, not used yet
    std::size_t scanned_ = 0;  // of in_, by find_head_end
    bool first_ = true;
    bool over_ = false;  // the client has disconnected or timed out: no reply is sent
};

Task<void> Session::run() {
    bool going = co_await handshake();
    over_ = !going;
    while (going) going = co_await serve_one();
    co_await close();
    core_.forget(*it_);
}

Task<bool> Session::handshake() {
    if (!tls_) co_return true;
    it_->expire_in(core_.options.header_timeout);
    const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kNoThrow);
    it_->never_expire();
    co_return !error && !it_->is_cut;
}

Task<bool> Session::serve_one() {
    Head head;
    BodyShare share(core_);
    const auto problem = co_await receive(head, share);
    core_.end_waiting(*it_);
    if (over_ || it_->is_cut) co_return false;
    const std::uint64_t begun = now_monotonic_ns();
    const std::string id = head.request.request_id;
    const std::string what = head.request.target.empty()
                                 ? "a request that does not read"
                                 : head.request.method + " " + printable(head.request.target);
    ReplyContext context{.request_id = id,
                         .without_body = head.is_head,
                         .keep_alive = head.keep_alive && !problem,
                         .secure = tls_.has_value()};
    if (problem) {
        it_->reply = to_reply(*problem, head.request);
    } else {
        dispatch(std::move(head.request), head.is_head);
    }
    while (!it_->reply && !it_->stream && !it_->is_cut) {
        it_->signal.expires_at(asio::steady_timer::time_point::max());
        co_await it_->signal.async_wait(kNoThrow);
    }
    if (it_->is_cut) co_return false;
    if (it_->stream) {
        co_await write_stream(context);
        co_return false;
    }
    context.keep_alive = context.keep_alive && !core_.stopping;
    const Reply reply = *std::exchange(it_->reply, std::nullopt);
    const auto level = reply.status >= 500   ? log::Level::error
                       : reply.status >= 400 ? log::Level::warning
                                             : log::Level::debug;
    log::write(level, what,
               {{"status", std::to_string(reply.status)},
                {"request_id", id},
                {"peer", it_->peer},
                {"ms", std::to_string((now_monotonic_ns() - begun) / 1000000)}});
    const std::string text = to_text(reply, context);
    const bool written = co_await write(text);
    first_ = false;
    over_ = !written;
    co_return written&& context.keep_alive;
}

Task<std::optional<Problem>> Session::receive(Head& head, BodyShare& share) {
    std::string text;
    core_.start_waiting(*it_);
    auto problem = co_await receive_head(text);
    if (over_) co_return std::nullopt;
    core_.end_waiting(*it_);
    const HeadLimits limits{core_.options.target_bytes_max, core_.options.body_bytes_max};
    // Called in any case, because it gives the request its id.
    auto unread = read_head(text, limits, head);
    if (problem) co_return problem;
    if (unread) co_return unread;
    head.request.peer = it_->peer;
    co_return co_await receive_body(head, share);
}

Task<std::optional<Problem>> Session::receive_head(std::string& text) {
    scanned_ = 0;
    std::size_t end = 0;
    bool begun = false;
    it_->expire_in(first_ ? core_.options.header_timeout : core_.options.idle_timeout);
    for (;;) {
        // Old clients send an empty line behind a body.
        while (scanned_ == 0 && in_.rfind("\r\n", 0) == 0) in_.erase(0, 2);
        if (!in_.empty() && !std::exchange(begun, true)) {
            it_->expire_in(core_.options.header_timeout);
        }
        if (auto problem = find_head_end(end)) co_return problem;
        if (end > 0) break;
        const bool more = co_await read(kChunk);
        if (more) continue;
        over_ = it_->is_cut || in_.empty();
        if (over_) co_return std::nullopt;
        if (it_->timed_out) co_return Problem{Code::request_timeout, "the header took too long"};
        co_return Problem{Code::bad_request, "the request ends within its header"};
    }
    it_->never_expire();
    text = in_.substr(0, end);
    in_.erase(0, end);
    co_return std::nullopt;
}

// Sets `end` to the length of the header once it is complete.
std::optional<Problem> Session::find_head_end(std::size_t& end) {
    for (; scanned_ < in_.size() && end == 0; ++scanned_) {
        if (in_[scanned_] != '\n') continue;
        if (scanned_ == 0 || in_[scanned_ - 1] != '\r') {
            return Problem{Code::bad_request, "a line of the header does not end in CRLF"};
        }
        if (scanned_ >= 3 && in_.compare(scanned_ - 3, 3, "\r\n\r") == 0) end = scanned_ + 1;
    }
    const std::size_t most = core_.options.header_bytes_max;
    const bool in_first_line = in_.find('\n') == std::string::npos;
    if (in_first_line && in_.size() > core_.options.target_bytes_max + kChunk) {
        return Problem{Code::uri_too_long, "the request line is too long"};
    }
    if (end > most || (end == 0 && in_.size() > most)) {
        return Problem{Code::header_too_large,
                       "the header is larger than " + std::to_string(most) + " bytes"};
    }
    return std::nullopt;
}

Task<std::optional<Problem>> Session::receive_body(Head& head, BodyShare& share) {
    const std::size_t bytes = head.body_bytes;
    if (bytes == 0) co_return std::nullopt;
    if (!share.reserve(bytes)) {
        Problem problem{Code::unavailable, "too much is being sent at the moment"};
        problem.headers.emplace_back("Retry-After", "1");
        co_return problem;
    }
    if (head.expects_continue && in_.empty()) {
        const bool invited = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
        over_ = !invited;
        if (over_) co_return std::nullopt;
    }
    it_->expire_in(budget(bytes));
    while (in_.size() < bytes) {
        const bool more = co_await read(std::max(kChunk, std::min(bytes - in_.size(), 8 * kChunk)));
        if (more) continue;
        over_ = it_->is_cut;
        if (it_->timed_out) co_return Problem{Code::request_timeout, "the body came too slowly"};
        co_return Problem{Code::bad_request, "the request ends within its body"};
    }
    it_->never_expire();
    head.request.body = in_.substr(0, bytes);
    // By assignment, so that a large buffer does not stay with an idle connection.
    in_ = in_.substr(bytes);
    co_return std::nullopt;
}

void Session::dispatch(Request request, bool is_head) {
    const std::weak_ptr<Connection> weak = it_;
    auto send = [weak, loop = core_.loop.get_executor()](Reply reply) {
        asio::dispatch(loop, [weak, reply = std::move(reply)]() mutable {
            const auto it = weak.lock();
            if (!it) return;
            it->reply = std::move(reply);
            it->signal.cancel();
        });
    };
    auto open = [weak, is_head, most = core_.options.stream_bytes_max] {
        auto stream = std::make_shared<Stream>(most);
        const auto it = weak.lock();
        if (it && !it->is_cut && !it->core->stopping) {
            it->stream = stream;
            it->signal.cancel();
            stream->on_wake([weak] {
                if (const auto woken = weak.lock()) woken->signal.cancel();
            });
        }
        if (!it || it->stream != stream || is_head) stream->close();
        return stream;
    };
    const auto responder = std::make_shared<Responder>(request, std::move(send), std::move(open));
    try {
        if (core_.dispatch) core_.dispatch(std::move(request), responder);
    } catch (const std::exception& failure) {
        log::error("a handler threw", {{"error", printable(failure.what())}});
    }
}

// Reads and drops what arrives while a stream is written, to notice that the client is gone. Reads
// from the socket below TLS, because nothing else reads there any more.
void watch_for_end(const std::shared_ptr<Connection>& it) {
    const auto sink = std::make_shared<std::array<char, 512>>();
    it->socket.async_read_some(asio::buffer(*sink), [it, sink](const error_code& error, auto) {
        if (!error && !it->is_cut) return watch_for_end(it);
        it->close_stream();
        error_code ignored;
        it->socket.cancel(ignored);
    });
}

Task<void> Session::write_stream(ReplyContext context) {
    const std::shared_ptr<Stream> stream = it_->stream;
    std::string bytes = stream_head(context);
    watch_for_end(it_);
    for (;;) {
        const bool written = co_await write(bytes);
        if (!written) break;
        stream->written();
        bytes = stream->take();
        while (bytes.empty() && stream->is_open()) {
            it_->signal.expires_after(core_.options.keep_alive);
            const auto [error] = co_await it_->signal.async_wait(kNoThrow);
            bytes = stream->take();
            if (bytes.empty() && !error) bytes = ": keep-alive\n\n";
        }
        if (bytes.empty()) break;
    }
    it_->close_stream();
    it_->stream.reset();
}

Task<void> Session::close() {
    error_code ignored;
    it_->socket.cancel(ignored);
    if (!over_ && !it_->is_cut) {
        core_.start_waiting(*it_);
        it_->expire_in(core_.stopping ? kLingerWhenStopping : kLinger);
        if (tls_) co_await tls_->async_shutdown(kNoThrow);
        if (!it_->timed_out) it_->socket.shutdown(tcp::socket::shutdown_send, ignored);
        std::array<char, kChunk> sink;
        for (std::size_t dropped = 0; dropped < kLingerBytesMax && !it_->timed_out;) {
            const auto [error, bytes] =
                co_await it_->socket.async_read_some(asio::buffer(sink), kNoThrow);
            if (error) break;
            dropped += bytes;
        }
    }
    it_->never_expire();
    it_->socket.close(ignored);
}

Task<bool> Session::read(std::size_t most) {
    const std::size_t had = in_.size();
    in_.resize(had + most);
    const asio::mutable_buffer space(in_.data() + had, most);
    error_code failure;
    std::size_t got = 0;
    if (tls_) {
        const auto [error, bytes] = co_await tls_->async_read_some(space, kNoThrow);
        failure = error;
        got = bytes;
    } else {
        const auto [error, bytes] = co_await it_->socket.async_read_some(space, kNoThrow);
        failure = error;
        got = bytes;
    }
    in_.resize(had + got);
    co_return !failure && !it_->is_cut;
}

Task<bool> Session::write(std::string_view bytes) {
    it_->expire_in(budget(bytes.size()));
    error_code failure;
    if (tls_) {
        const auto [error, done] = co_await asio::async_write(*tls_, asio::buffer(bytes), kNoThrow);
        failure = error;
    } else {
        const auto [error, done] =
            co_await asio::async_write(it_->socket, asio::buffer(bytes), kNoThrow);
        failure = error;
    }
    it_->never_expire();
    co_return !failure && !it_->is_cut;
}

std::chrono::milliseconds Session::budget(std::size_t bytes) const {
    const std::size_t rate = core_.options.transfer_bytes_per_second_min;
    return core_.options.transfer_timeout + std::chrono::milliseconds(bytes * 1000 / rate);
}

// This coroutine's frame owns the session, and through it the connection.
Task<void> talk(std::shared_ptr<Connection> connection) {
    Session session(connection);
    try {
        co_await session.run();
        co_return;
    } catch (const std::exception& failure) {
        log::error("a connection failed", {{"error", printable(failure.what())}});
    }
    connection->core->forget(*connection);
    connection->cut();
}

}  // namespace

void start_session(std::shared_ptr<Connection> connection) {
    const auto executor = connection->core->loop.get_executor();
    asio::co_spawn(executor, talk(std::move(connection)), [](const std::exception_ptr&) {});
}

}  // namespace evenkeel::http
