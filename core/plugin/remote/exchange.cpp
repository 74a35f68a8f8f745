#include "core/plugin/remote/exchange.hpp"

#include <algorithm>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

// As long as a line of the log.
constexpr std::size_t kSentenceMost = 4096;

std::optional<std::string> given(ek_str text) {
    if (text.ptr == nullptr) return std::nullopt;
    return printable(head(text, kSentenceMost));
}

constexpr const char* kNoMessage = "it sent what is no message";

}  // namespace

Exchange::Exchange(ChildProcess& child, Channel& channel, const ek_call& call, std::string what,
                   std::chrono::milliseconds grace)
    : child_(child),
      channel_(channel),
      call_(call),
      what_(std::move(what)),
      grace_ns_(static_cast<std::uint64_t>(std::chrono::nanoseconds(grace).count())),
      ends_ns_(call.deadline_ns == 0 ? 0 : call.deadline_ns + grace_ns_) {}

// After its first cancellation the plugin has its grace to come back.
void Exchange::cancel() {
    if (std::exchange(cancelled_, true)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(channel_.cancel.get(), &one, sizeof(one));
    const std::uint64_t end = now_monotonic_ns() + grace_ns_;
    ends_ns_ = ends_ns_ == 0 ? end : std::min(ends_ns_, end);
}

// What it is doing cannot be ended half way, as a run of a package manager, and it says so.
void Exchange::wait_on() {
    if (cancelled_ && call_.deadline_ns != 0)
        ends_ns_ = std::min(now_monotonic_ns(), call_.deadline_ns) + grace_ns_;
}

Exchange::Woken Exchange::wait() {
    for (;;) {
        const short output = channel_.socket.unsent() > 0 ? POLLOUT : 0;
        pollfd polled[] = {{channel_.socket.fd(), static_cast<short>(POLLIN | output), 0},
                           {deaf_ ? -1 : call_.cancel_fd, POLLIN, 0}};
        const std::uint64_t now = now_monotonic_ns();
        const bool is_over = ends_ns_ != 0 && now >= ends_ns_;
        // What has come by then counts, however late this thread looks; once, as more may come
        // without end.
        if (std::exchange(looks_last_, is_over) && is_over) return Woken::too_late;
        const int left = is_over         ? 0
                         : ends_ns_ == 0 ? -1
                                         : static_cast<int>(std::min<std::uint64_t>(
                                               (ends_ns_ - now) / 1'000'000 + 1, 3'600'000));
        if (::poll(polled, 2, left) <= 0) continue;
        if (polled[1].revents != 0 && !(is_over && polled[0].revents != 0)) {
            deaf_ = true;
            return Woken::by_cancel;
        }
        return Woken::by_channel;
    }
}

// True once the call has ended.
bool Exchange::take(FrameReader& frame, Outcome& outcome) {
    if (frame.kind() == FrameKind::alive || frame.kind() == FrameKind::progress) wait_on();
    switch (frame.kind()) {
        case FrameKind::done: {
            const Ended ended = ended_of(frame);
            outcome.status = ended.status;
            outcome.broken_rule = given(ended.broken_rule);
            outcome.exception = given(ended.exception);
            outcome.backend = copy(ended.backend);
            if (!frame.whole()) outcome = give_up(kNoMessage);
            return true;
        }
        case FrameKind::alive:
            if (call_.out != nullptr) call_.cancelled(&call_);
            else outcome = give_up(kNoMessage);
            return call_.out == nullptr;
        case FrameKind::log: {
            const std::int32_t severity = frame.i32();
            const ek_str text = frame.text();
            const ek_str fields = frame.text();
            if (frame.whole()) child_.log(severity, text, fields);
            break;
        }
        case FrameKind::hint: {
            const ek_hint hint = hint_of(frame);
            if (frame.whole() && on_hint) on_hint(hint);
            break;
        }
        case FrameKind::item:
        case FrameKind::state:
        case FrameKind::change:
        case FrameKind::diag:
        case FrameKind::progress:
        case FrameKind::output:
        case FrameKind::about:
            if (call_.out == nullptr) {
                outcome = give_up(kNoMessage);
                return true;
            }
            // What the host wants no more of is ended as if it were cancelled.
            if (deliver(frame, *call_.out) != EK_OK) cancel();
            break;
        default:
            outcome = give_up(kNoMessage);
            return true;
    }
    if (!frame.whole()) outcome = give_up(kNoMessage);
    return !frame.whole();
}

bool Exchange::take_answers(Outcome& outcome) {
    const auto received = channel_.socket.fill();
    while (auto frame = channel_.socket.take())
        if (take(*frame, outcome)) return true;
    if (channel_.socket.broken()) outcome = give_up("it sent a message that is too long");
    else if (received == FrameSocket::Io::ended) outcome = end_of_channel();
    else return false;
    return true;
}

Outcome Exchange::give_up(const std::string& why) {
    child_.kill(why);
    return loss();
}

Outcome Exchange::end_of_channel() {
    child_.kill_if_alive("it closed a channel");
    return loss();
}

Outcome Exchange::loss() {
    Outcome outcome;
    outcome.status = EK_E_UNAVAILABLE;
    // The caller's own grace is twice as long.
    outcome.lost = "its process ended in the " + what_ + ": " +
                   child_.how(std::chrono::nanoseconds(grace_ns_ / 2));
    return outcome;
}

Outcome Exchange::run(const Request& request) {
    if (call_.out != nullptr && call_.cancelled(&call_) != 0) {
        Outcome none;
        none.status = EK_E_CANCELLED;
        return none;
    }
    const ChildProcess::Work work(child_);
    auto frame = frame_of(request);
    channel_.socket.put(frame);
    Outcome outcome;
    for (bool over = false; !over;) {
        if (channel_.socket.unsent() > 0 && channel_.socket.flush() == FrameSocket::Io::ended)
            return end_of_channel();
        switch (wait()) {
            case Woken::by_cancel:
                cancel();
                break;
            case Woken::too_late:
                outcome = give_up("it did not come back, so it was ended");
                outcome.status = EK_E_TIMEOUT;
                return outcome;
            case Woken::by_channel:
                over = take_answers(outcome);
                break;
        }
    }
    std::uint64_t count = 0;
    // Not for the next call.
    if (cancelled_) {
        [[maybe_unused]] const auto reset = ::read(channel_.cancel.get(), &count, sizeof(count));
    }
    return outcome;
}

}  // namespace evenkeel::plugin
