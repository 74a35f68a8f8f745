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
//   serve_one: receive_head, admit, receive_body, serve, wait for the responder, write or stream
//
// Nothing that others need is taken before admit() has told whose request it is.
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
constexpr std::string_view kEmptyLine = "\r\n";
constexpr std::size_t kEmptyLinesMost = 2;  // before a request
constexpr std::size_t kWriteChunk = 64 * 1024;
constexpr std::size_t kBuffersMost = 64;  // that asio gives to the kernel at once
// After an error the rest of the request is read and dropped for a while: a socket closed with
// unread bytes sends a reset, which may overtake the answer.
constexpr std::size_t kLingerBytesMax = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kLinger(2000);
constexpr std::chrono::milliseconds kLingerWhenStopping(100);

// What is still known of a request once it is being served.
struct Asked {
    std::string what;  // for the log
    std::string target;
    Principal principal;
    bool changes = true;  // something, perhaps
    std::uint64_t begun_ns = now_monotonic_ns();
};

// For the log.
std::string name_of(const Request& request) {
    if (request.target.empty()) return "a request that does not read";
    return request.method + " " + printable(request.target);
}

// Frames as what is written at once: pieces of at most kWriteChunk bytes and kBuffersMost buffers.
class FramePieces {
  public:
    explicit FramePieces(const Frames& frames) : frames_(frames) {}
    bool at_end() const { return at_ == frames_.size(); }
    std::size_t passed() const { return passed_; }

    std::vector<asio::const_buffer> next() {
        std::vector<asio::const_buffer> piece;
        std::size_t room = kWriteChunk;
        while (!at_end() && room > 0 && piece.size() < kBuffersMost) {
            const std::string_view part = std::string_view(*frames_[at_]).substr(offset_, room);
            piece.push_back(asio::buffer(part));
            room -= part.size();
            passed_ += part.size();
            offset_ += part.size();
            if (offset_ < frames_[at_]->size()) break;
            offset_ = 0;
            ++at_;
        }
        return piece;
    }

  private:
    const Frames& frames_;
    std::size_t at_ = 0;
    std::size_t offset_ = 0;  // in the frame
    std::size_t passed_ = 0;
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
    Task<bool> answer(Head& head);
    Task<bool> write_reply(ReplyContext context, const Asked& asked);
    void limit_reply(const ReplyContext& context, const Asked& asked, Shares::Share& share);
    Task<std::optional<Problem>> receive(Head& head);
    Task<std::optional<Problem>> receive_head(std::string& text);
    Task<std::optional<Problem>> receive_body(Head& head, Shares::Share& share);
    std::optional<Problem> find_head_end(std::size_t& end);
    std::shared_ptr<Responder> make_responder(const Head& head);
    bool admit(Request& request, const std::shared_ptr<Responder>& responder);
    void serve(Request request, const std::shared_ptr<Responder>& responder);
    // Drops a body that is not wanted. False when it has not arrived yet.
    bool skip_body(std::size_t bytes);
    Task<void> write_stream(ReplyContext context);
    Task<void> close();

    // Appends received bytes to in_. False at the end, on an error and on a timeout.
    Task<bool> read(std::size_t most);
    Task<bool> write(std::string_view bytes);
    // Frames one after the other, small ones together in one call of the kernel.
    Task<bool> write_frames(const Frames& frames);
    Task<bool> write_some(const std::vector<asio::const_buffer>& piece);
    // Ends what the client is waited for once it has been slower than the slowest rate since
    // `begun_ns`, in which `passed` bytes have passed. False when it has been already.
    bool expect_rate(std::uint64_t begun_ns, std::size_t passed);

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
    const auto problem = co_await receive(head);
    if (over_ || it_->is_cut) co_return false;
    if (!problem) co_return co_await answer(head);
    core_.mark_stranger(*it_);
    it_->reply = to_reply(*problem, head.request);
    const ReplyContext context{.request_id = head.request.request_id,
                               .without_body = head.is_head,
                               .keep_alive = false,
                               .secure = tls_.has_value()};
    const Asked asked{name_of(head.request), head.request.target, {}};
    co_return co_await write_reply(context, asked);
}

Task<bool> Session::answer(Head& head) {
    Shares::Share request_share;
    Shares::Share body_share;
    const std::string id = head.request.request_id;
    ReplyContext context{.request_id = id,
                         .without_body = head.is_head,
                         .keep_alive = head.keep_alive,
                         .secure = tls_.has_value()};
    Asked asked{name_of(head.request), head.request.target, {}, head.request.method != "GET"};
    auto responder = make_responder(head);
    core_.mark_stranger(*it_);
    bool wanted = admit(head.request, responder);
    asked.principal = head.request.principal;
    std::optional<Problem> refusal;
    if (wanted && !head.request.principal.id.empty()) {
        refusal = core_.shares.take(ShareKind::requests, head.request.principal, 1, request_share);
        if (!refusal) core_.mark_busy(*it_);
    }
    if (wanted && !refusal) refusal = co_await receive_body(head, body_share);
    if (refusal) responder->send(*refusal);
    if (over_ || it_->is_cut) co_return false;
    wanted = wanted && !refusal;
    if (!wanted && !skip_body(head.body_bytes)) context.keep_alive = false;
    asked.begun_ns = now_monotonic_ns();
    if (wanted) serve(std::move(head.request), responder);
    responder.reset();
    while (!it_->reply && !it_->stream && !it_->is_cut) {
        it_->signal.expires_at(asio::steady_timer::time_point::max());
        co_await it_->signal.async_wait(kNoThrow);
    }
    if (it_->is_cut) co_return false;
    if (it_->stream) {
        co_await write_stream(context);
        co_return false;
    }
    co_return co_await write_reply(context, asked);
}

Task<bool> Session::write_reply(ReplyContext context, const Asked& asked) {
    context.keep_alive = context.keep_alive && !core_.stopping;
    Shares::Share share;
    limit_reply(context, asked, share);
    Reply reply = *std::exchange(it_->reply, std::nullopt);
    const auto level = reply.status >= 500   ? log::Level::error
                       : reply.status >= 400 ? log::Level::warning
                                             : log::Level::debug;
    log::write(level, asked.what,
               {{"status", std::to_string(reply.status)},
                {"request_id", std::string(context.request_id)},
                {"peer", it_->peer},
                {"ms", std::to_string((now_monotonic_ns() - asked.begun_ns) / 1000000)}});
    std::string text = head_of(reply, context);
    const bool in_two = reply.body.size() > kWriteChunk;
    if (!in_two) text += reply.body;
    bool written = co_await write(text);
    if (written && in_two) written = co_await write(reply.body);
    first_ = false;
    over_ = !written;
    co_return written&& context.keep_alive;
}

// A large reply is in memory until a client that may be slow has taken it. What has changed
// something must be answered, and counts all the same.
void Session::limit_reply(const ReplyContext& context, const Asked& asked, Shares::Share& share) {
    const std::size_t bytes = context.without_body ? 0 : it_->reply->body.size();
    if (bytes <= kWriteChunk) return;
    if (asked.changes) {
        return core_.shares.hold(ShareKind::reply_bytes, asked.principal, bytes, share);
    }
    const auto refusal = core_.shares.take(ShareKind::reply_bytes, asked.principal, bytes, share);
    if (refusal) it_->reply = to_reply(*refusal, asked.target, context.request_id);
}

Task<std::optional<Problem>> Session::receive(Head& head) {
    std::string text;
    core_.start_waiting(*it_);
    auto problem = co_await receive_head(text);
    if (over_) co_return std::nullopt;
    const HeadLimits limits{core_.options.target_bytes_max, core_.options.large_body_bytes_max};
    // Called in any case, because it gives the request its id.
    auto unread = read_head(text, limits, head);
    head.request.peer = it_->peer;
    co_return problem ? problem : unread;
}

Task<std::optional<Problem>> Session::receive_head(std::string& text) {
    scanned_ = 0;
    std::size_t end = 0;
    std::size_t empty_lines = 0;
    bool begun = false;
    it_->expire_in(first_ ? core_.options.header_timeout : core_.options.idle_timeout);
    for (;;) {
        // Old clients send an empty line behind a body (RFC 9112, 2.2); a flood of them is not
        // free.
        while (scanned_ == 0 && in_.starts_with(kEmptyLine)) {
            if (++empty_lines > kEmptyLinesMost) {
                co_return Problem{Code::bad_request, "too many empty lines before the request"};
            }
            in_.erase(0, kEmptyLine.size());
        }
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

Task<std::optional<Problem>> Session::receive_body(Head& head, Shares::Share& share) {
    const std::size_t bytes = head.body_bytes;
    if (bytes == 0) co_return std::nullopt;
    const std::size_t most = std::max(core_.options.body_bytes_max, head.request.body_bytes_max);
    if (bytes > most) {
        co_return Problem{Code::too_large,
                          "the body is larger than " + std::to_string(most) + " bytes"};
    }
    auto refusal = core_.shares.take(ShareKind::body_bytes, head.request.principal, bytes, share);
    if (refusal) co_return refusal;
    if (head.expects_continue && in_.empty()) {
        const bool invited = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
        over_ = !invited;
    }
    const std::uint64_t begun = now_monotonic_ns();
    bool more = !over_;
    while (more && in_.size() < bytes) {
        more = expect_rate(begun, in_.size());
        if (!more) break;
        const std::size_t wanted = std::max(kChunk, std::min(bytes - in_.size(), 8 * kChunk));
        more = co_await read(wanted);
        more = more && !it_->timed_out;
    }
    it_->never_expire();
    if (!more) {
        over_ = over_ || it_->is_cut;
        if (it_->timed_out) co_return Problem{Code::request_timeout, "the body came too slowly"};
        co_return Problem{Code::bad_request, "the request ends within its body"};
    }
    head.request.body = in_.substr(0, bytes);
    // By assignment, so that a large buffer does not stay with an idle connection.
    in_ = in_.substr(bytes);
    co_return std::nullopt;
}

bool Session::skip_body(std::size_t bytes) {
    if (in_.size() < bytes) return false;
    in_ = in_.substr(bytes);
    return true;
}

std::shared_ptr<Responder> Session::make_responder(const Head& head) {
    const std::weak_ptr<Connection> weak = it_;
    auto send = [weak, loop = core_.loop.get_executor()](Reply reply) {
        asio::dispatch(loop, [weak, reply = std::move(reply)]() mutable {
            const auto it = weak.lock();
            if (!it) return;
            it->reply = std::move(reply);
            it->signal.cancel();
        });
    };
    auto open = [weak, is_head = head.is_head, most = core_.options.stream_bytes_max] {
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
    return std::make_shared<Responder>(head.request, std::move(send), std::move(open));
}

bool Session::admit(Request& request, const std::shared_ptr<Responder>& responder) {
    try {
        const bool admitted = !core_.door.admit || core_.door.admit(request, responder);
        responder->limit_streams([weak = std::weak_ptr(it_), who = request.principal] {
            const auto it = weak.lock();
            return it ? it->core->shares.take(ShareKind::streams, who, 1, it->stream_share)
                      : std::nullopt;
        });
        return admitted;
    } catch (const std::exception& failure) {
        log::error("a request could not be admitted", {{"error", printable(failure.what())}});
        return false;
    }
}

void Session::serve(Request request, const std::shared_ptr<Responder>& responder) {
    try {
        if (core_.door.serve) core_.door.serve(std::move(request), responder);
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
    static const Frame kKeepAlive = std::make_shared<const std::string>(": keep-alive\n\n");
    const std::shared_ptr<Stream> stream = it_->stream;
    Frames frames{std::make_shared<const std::string>(stream_head(context))};
    watch_for_end(it_);
    for (;;) {
        const bool written = co_await write_frames(frames);
        if (!written) break;
        stream->written();
        frames = stream->take();
        while (frames.empty() && stream->is_open()) {
            it_->signal.expires_after(core_.options.keep_alive);
            const auto [error] = co_await it_->signal.async_wait(kNoThrow);
            frames = stream->take();
            if (frames.empty() && !error) frames.push_back(kKeepAlive);
        }
        if (frames.empty()) break;
    }
    it_->close_stream();
    it_->stream.reset();
    it_->stream_share.release();
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

// In pieces, so that a client which takes nothing is noticed by the first of a large reply.
Task<bool> Session::write(std::string_view bytes) {
    const std::uint64_t begun = now_monotonic_ns();
    bool going = !it_->is_cut;
    for (std::size_t done = 0; done < bytes.size() && going;) {
        const std::vector piece{asio::const_buffer(asio::buffer(bytes.substr(done, kWriteChunk)))};
        done += piece.front().size();
        if (!expect_rate(begun, done)) co_return false;
        going = co_await write_some(piece);
    }
    it_->never_expire();
    co_return going;
}

Task<bool> Session::write_frames(const Frames& frames) {
    const std::uint64_t begun = now_monotonic_ns();
    FramePieces pieces(frames);
    bool going = !it_->is_cut;
    while (going && !pieces.at_end()) {
        const auto piece = pieces.next();
        if (!expect_rate(begun, pieces.passed())) co_return false;
        going = co_await write_some(piece);
    }
    it_->never_expire();
    co_return going;
}

Task<bool> Session::write_some(const std::vector<asio::const_buffer>& piece) {
    error_code failure;
    if (tls_) {
        const auto [error, count] = co_await asio::async_write(*tls_, piece, kNoThrow);
        failure = error;
    } else {
        const auto [error, count] = co_await asio::async_write(it_->socket, piece, kNoThrow);
        failure = error;
    }
    co_return !failure && !it_->is_cut;
}

bool Session::expect_rate(std::uint64_t begun_ns, std::size_t passed) {
    const std::size_t rate = core_.options.transfer_bytes_per_second_min;
    const auto most =
        core_.options.transfer_timeout + std::chrono::milliseconds(passed * 1000 / rate);
    const auto had = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::nanoseconds(now_monotonic_ns() - begun_ns));
    it_->expire_in(std::max(most - had, std::chrono::milliseconds(0)));
    it_->timed_out = had >= most;
    return !it_->timed_out;
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
