#include "core/plugin/remote/remote_watch.hpp"

#include <optional>
#include <utility>

#include <poll.h>

#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

// The reactor waits for the answer, and other watches for the reactor.
constexpr std::uint64_t kLongestAnswerNs = 2'000'000'000;

}  // namespace

std::unique_ptr<RemoteWatch> RemoteWatch::open(RemoteInstance& instance, const ek_call& call,
                                               const ek_watch_host& host, ek_status& status) {
    const auto child = instance.process(call, status);
    if (!child) return nullptr;
    auto channel = child->new_channel();
    if (!channel) {
        status = EK_E_UNAVAILABLE;
        return nullptr;
    }
    Request request;
    request.operation = Operation::watch;
    request.instance = instance.number();
    request.flags = call.flags;
    request.deadline_ns = call.deadline_ns;
    request.request_id = call.request_id;
    Exchange exchange(*child, **channel, call, "watch_open", instance.plugin().grace());
    exchange.on_hint = [&host](const ek_hint& hint) { host.hint(host.ctx, &hint); };
    status = status_of(exchange.run(request), call, instance.plugin().name());
    if (status != EK_OK) return nullptr;
    std::unique_ptr<RemoteWatch> watch(new RemoteWatch(child, std::move(*channel), host));
    // What came with the answer lies here, and would not make the descriptor readable.
    std::optional<ek_status> answer;
    if (!watch->take_hints(answer)) {
        status = EK_E_UNAVAILABLE;
        return nullptr;
    }
    status = host.fd(host.ctx, watch->channel_->socket.fd(), POLLIN);
    return status == EK_OK ? std::move(watch) : nullptr;
}

RemoteWatch::RemoteWatch(std::shared_ptr<ChildProcess> child, std::unique_ptr<Channel> channel,
                         const ek_watch_host& host)
    : child_(std::move(child)), channel_(std::move(channel)), host_(host) {}

// The process closes the plugin's watch when it sees the end of the channel.
RemoteWatch::~RemoteWatch() {
    host_.fd(host_.ctx, channel_->socket.fd(), 0);
}

bool RemoteWatch::take(FrameReader& frame, std::optional<ek_status>& answer) {
    switch (frame.kind()) {
        case FrameKind::hint: {
            const ek_hint hint = hint_of(frame);
            if (frame.whole()) host_.hint(host_.ctx, &hint);
            break;
        }
        case FrameKind::done:
            answer = ended_of(frame).status;
            break;
        case FrameKind::lost:
            child_->log(EK_SEV_WARNING,
                        borrow("it gives up its watch: " + head(frame.text(), 1000)), kAbsent);
            lost_ = true;
            break;
        default:
            return false;
    }
    return frame.good();
}

bool RemoteWatch::take_hints(std::optional<ek_status>& answer) {
    const auto received = channel_->socket.fill();
    while (!lost_) {
        auto frame = channel_->socket.take();
        if (!frame) break;
        if (take(*frame, answer)) continue;
        child_->kill("it sent what is no message");
        lost_ = true;
    }
    if (channel_->socket.broken()) child_->kill("it sent a message that is too long");
    lost_ = lost_ || channel_->socket.broken() || received == FrameSocket::Io::ended;
    return !lost_;
}

ek_status RemoteWatch::ready() {
    std::optional<ek_status> answer;
    return take_hints(answer) ? EK_OK : EK_E_UNAVAILABLE;
}

ek_status RemoteWatch::ask(FrameWriter frame) {
    channel_->socket.put(frame);
    const std::uint64_t until = now_monotonic_ns() + kLongestAnswerNs;
    std::optional<ek_status> answer;
    while (!answer && !lost_) {
        lost_ = channel_->socket.flush() == FrameSocket::Io::ended;
        const std::uint64_t now = now_monotonic_ns();
        if (now >= until) {
            child_->kill("it did not come back in its watch, so it was ended");
            lost_ = true;
            break;
        }
        const short output = channel_->socket.unsent() > 0 ? POLLOUT : 0;
        pollfd polled{channel_->socket.fd(), static_cast<short>(POLLIN | output), 0};
        if (::poll(&polled, 1, static_cast<int>((until - now) / 1'000'000 + 1)) > 0)
            take_hints(answer);
    }
    // The host is told by the end of the channel, which it polls.
    return answer.value_or(EK_E_UNAVAILABLE);
}

ek_status RemoteWatch::interest(ek_str id, bool on) {
    FrameWriter frame(FrameKind::interest);
    frame.text(id).u32(on ? 1 : 0);
    return ask(std::move(frame));
}

void RemoteWatch::sync() {
    ask(FrameWriter(FrameKind::sync));
}

}  // namespace evenkeel::plugin
