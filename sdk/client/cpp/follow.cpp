#include "sdk/client/cpp/follow.hpp"

#include <utility>

#include "sdk/client/cpp/decode.hpp"
#include "sdk/client/cpp/sse.hpp"

namespace evenkeel::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryMost{30'000};

Failure lost(std::string why) {
    return {.kind = Kind::unreachable, .detail = std::move(why)};
}

Failure time_is_over() {
    return {.kind = Kind::timeout, .detail = "the time is over"};
}

}  // namespace

bool Follower::take(const std::string& name, const std::string& data) {
    if (name == "error") {
        // The server's last word before it closes: this reader was too slow, or it stops.
        stream_fault_ = lost("the server ended the stream: " + data);
        return false;
    }
    const auto value = parse_answer(data);
    if (!value) {
        stream_fault_ = value.error();
        return false;
    }
    heard_ = Clock::now();
    progressed_ = true;
    ended_here_ = !subscription_.take(name, *value);
    return !ended_here_;
}

std::optional<milliseconds> Follower::left() const {
    const milliseconds timeout = subscription_.options.timeout;
    if (timeout.count() == 0) return std::nullopt;
    return std::max(milliseconds(0),
                    std::chrono::ceil<milliseconds>(begun_ + timeout - Clock::now()));
}

std::optional<Failure> Follower::overdue() const {
    if (left() == milliseconds(0)) return time_is_over();
    const milliseconds idle = subscription_.options.idle;
    if (idle.count() == 0 || Clock::now() - heard_ < idle) return std::nullopt;
    return Failure{.kind = Kind::timeout,
                   .detail = "the stream fell silent before the end of what was asked"};
}

std::optional<Failure> Follower::connect() {
    Request request = subscription_.request;
    request.headers["Accept"] = "text/event-stream";
    if (!last_id_.empty()) request.headers["Last-Event-ID"] = last_id_;
    else request.query.emplace_back("since", since_);
    if (subscription_.begin) subscription_.begin(last_id_.empty());
    HttpRequest http = client_.to_http(request);
    http.timeout = milliseconds(0);

    SseParser parser;
    http.on_data = [this, &parser](std::string_view bytes) {
        const bool more = parser.feed(
            bytes, [this](const auto& name, const auto& data) { return take(name, data); });
        if (!parser.last_id().empty() && parser.last_id() != last_id_) {
            last_id_ = parser.last_id();
            heard_ = Clock::now();
            if (subscription_.reached && !subscription_.reached(last_id_)) ended_here_ = true;
        }
        if (parser.retry()) retry_ = *parser.retry();
        if (parser.broke_a_bound()) {
            stream_fault_ = {.kind = Kind::bad_answer, .detail = "an event is larger than 2 MiB"};
        }
        return more && !ended_here_;
    };
    if (subscription_.options.idle.count() > 0 || subscription_.options.timeout.count() > 0) {
        http.on_tick = [this] {
            const auto late = overdue();
            if (late) stream_fault_ = late;
            return !late;
        };
    }
    stream_fault_.reset();
    heard_ = Clock::now();
    return judge(client_.http().exchange(http));
}

std::optional<Failure> Follower::judge(std::variant<Reply, HttpFailure> answer) {
    if (ended_here_) return std::nullopt;
    if (stream_fault_) {
        connected_ = true;
        return stream_fault_;
    }
    if (auto* broken = std::get_if<HttpFailure>(&answer)) {
        connected_ = connected_ || broken->failure.status == 200;
        // A silent link that timed out is as lost as a broken one.
        if (broken->failure.kind == Kind::timeout) broken->failure.kind = Kind::unreachable;
        return std::move(broken->failure);
    }
    const auto& reply = std::get<Reply>(answer);
    if (reply.status < 200 || reply.status >= 300) return decode_problem(reply.status, reply.body);
    connected_ = true;
    return lost("the stream ended");
}

bool Follower::goes_on_after(const Failure& failure, int tries) {
    if (failure.status == 410 && !(last_id_.empty() && since_.empty())) {
        last_id_.clear();
        since_.clear();
        return subscription_.options.gap && subscription_.options.gap(failure);
    }
    const bool passing =
        failure.kind == Kind::unreachable || failure.status == 429 || failure.status == 503;
    if (!passing) return false;
    if (connected_ ? !subscription_.options.resume : tries >= client_.config().attempts)
        return false;
    if (connected_ && last_id_.empty() && since_.empty()) {
        const Failure unknown = lost(
            "the connection was lost before the first event, so what came meanwhile is not known");
        if (!subscription_.options.gap || !subscription_.options.gap(unknown)) return false;
    }
    if (connected_ && subscription_.options.lost) subscription_.options.lost(failure);
    const milliseconds pause = Client::Impl::back_off(tries - 1, retry_, kRetryMost);
    return client_.http().pause(std::min(pause, left().value_or(pause)));
}

Result<> Follower::run() {
    for (int tries = 1;; ++tries) {
        const std::optional<Failure> failure = connect();
        if (!failure) return {};
        if (std::exchange(progressed_, false)) tries = 1;
        if (goes_on_after(*failure, tries)) {
            if (left() == milliseconds(0)) return time_is_over();
            continue;
        }
        const Cancel* cancel = client_.config().cancel;
        if (cancel != nullptr && cancel->cancelled()) {
            return Failure{.kind = Kind::cancelled, .detail = "cancelled"};
        }
        return *failure;
    }
}

}  // namespace evenkeel::client
