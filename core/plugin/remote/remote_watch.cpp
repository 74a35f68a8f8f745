#include "core/plugin/remote/remote_watch.hpp"

#include <chrono>
#include <utility>

#include <poll.h>

#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

// Longer than another plugin may hold up the reactor, which brings the answer.
constexpr std::chrono::seconds kLongestAnswer{10};
constexpr const char* kStuck = "it did not come back in its watch, so it was ended";

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
    if (!watch->take_hints()) {
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
    lose();
}

// The host is told by the end of the channel, which it polls.
void RemoteWatch::lose() {
    lost_ = true;
    for (Owed& owed : owed_) owed.answer.set_value(EK_E_UNAVAILABLE);
    owed_.clear();
}

bool RemoteWatch::take(FrameReader& frame) {
    switch (frame.kind()) {
        case FrameKind::hint: {
            const ek_hint hint = hint_of(frame);
            if (frame.whole()) host_.hint(host_.ctx, &hint);
            break;
        }
        case FrameKind::done:
            if (owed_.empty()) return false;
            owed_.front().answer.set_value(ended_of(frame).status);
            owed_.pop_front();
            break;
        case FrameKind::lost:
            child_->log(EK_SEV_WARNING,
                        borrow("it gives up its watch: " + head(frame.text(), 1000)), kAbsent);
            lose();
            break;
        default:
            return false;
    }
    return frame.good();
}

bool RemoteWatch::take_hints() {
    const auto received = channel_->socket.fill();
    while (!lost_) {
        auto frame = channel_->socket.take();
        if (!frame) break;
        if (take(*frame)) continue;
        child_->kill("it sent what is no message");
        lose();
    }
    if (channel_->socket.broken()) child_->kill("it sent a message that is too long");
    if (channel_->socket.broken() || received == FrameSocket::Io::ended) lose();
    return !lost_;
}

void RemoteWatch::flush() {
    if (channel_->socket.flush() == FrameSocket::Io::ended) return lose();
    const std::uint32_t output = channel_->socket.unsent() > 0 ? POLLOUT : 0;
    if (std::exchange(polls_output_, output) != output)
        host_.fd(host_.ctx, channel_->socket.fd(), POLLIN | output);
}

ek_status RemoteWatch::ready() {
    if (polls_output_ != 0) flush();
    return take_hints() ? EK_OK : EK_E_UNAVAILABLE;
}

void RemoteWatch::end_if_stuck() {
    if (owed_.empty() || now_monotonic_ns() < owed_.front().until_ns) return;
    child_->kill(kStuck);
    lose();
}

RemoteWatch::Answer RemoteWatch::ask(ek_str id, bool on) {
    end_if_stuck();
    if (lost_) return [](const Until&) { return EK_E_UNAVAILABLE; };
    FrameWriter frame(id.ptr == nullptr ? FrameKind::sync : FrameKind::interest);
    if (id.ptr != nullptr) frame.text(id).u32(on ? 1 : 0);
    const Until longest = Until{}.but_at_most(kLongestAnswer);
    const auto answer = owed_.emplace_back(Owed{{}, longest.at_ns}).answer.get_future().share();
    channel_->socket.put(frame);
    flush();
    // What is asked for is no work of its own.
    struct Asked {
        std::shared_ptr<ChildProcess> child;
        ChildProcess::Work work{*child};  // which ends before
    };
    const auto asked = std::make_shared<const Asked>(child_);
    return [answer, asked, longest](const Until& until) -> ek_status {
        while (answer.wait_for(kLookWhileWaiting) != std::future_status::ready) {
            if (longest.is_over()) {
                asked->child->kill(kStuck);
                return EK_E_UNAVAILABLE;
            }
            if (until.is_over()) return EK_E_CANCELLED;
        }
        return answer.get();
    };
}

ek_status RemoteWatch::interest(ek_str id, bool on) {
    const Answer answer = ask(id, on);
    const Until longest = Until{}.but_at_most(kLongestAnswer);
    while (!owed_.empty() && !lost_ && !longest.is_over()) {
        flush();
        const short output = channel_->socket.unsent() > 0 ? POLLOUT : 0;
        pollfd polled{channel_->socket.fd(), static_cast<short>(POLLIN | output), 0};
        constexpr int kLookMs = 100;
        if (::poll(&polled, 1, kLookMs) > 0) take_hints();
    }
    if (!owed_.empty()) {
        child_->kill(kStuck);
        lose();
    }
    return answer(longest);
}

}  // namespace evenkeel::plugin
