#include <array>
#include <utility>

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/remote/child_process.hpp"
#include "core/plugin/remote/refused_calls.hpp"

// What comes from the process while it runs.
namespace evenkeel::plugin {
namespace {

using std::chrono::milliseconds;

// What is refused more often is refused without being told.
constexpr unsigned kRefusalsMost = 20;

}  // namespace

Result<void> ChildProcess::listen_to(int fd, void (ChildProcess::*handler)(),
                                     std::uint32_t events) {
    if (fd < 0) return {};
    Reactor* const reactor = EK_TRY(Reactor::shared());
    return reactor->add(this, fd, events, [weak = weak_from_this(), handler](std::uint32_t) {
        if (const auto self = weak.lock()) (self.get()->*handler)();
    });
}

// Level-triggered: it stays readable until the timer listens to it again.
void ChildProcess::note_flood(int fd, std::size_t bytes) {
    if (!gate_.is_flood(bytes, milliseconds(now_monotonic_ms()))) return;
    if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, fd);
    const itimerspec second{{0, 0}, {1, 0}};
    ::timerfd_settime(timer_.get(), 0, &second, nullptr);
}

void ChildProcess::on_timer() {
    std::uint64_t times = 0;
    if (::read(timer_.get(), &times, sizeof(times)) < 0) return;
    static_cast<void>(listen_to(control_.fd(), &ChildProcess::on_control));
    static_cast<void>(listen_to(spawned_.output.get(), &ChildProcess::on_output));
}

bool ChildProcess::take_message(FrameReader& frame) {
    if (frame.kind() == FrameKind::storage) return storage_->serve(frame);
    if (frame.kind() != FrameKind::log) return false;
    const std::int32_t severity = frame.i32();
    const ek_str text = frame.text();
    const ek_str fields = frame.text();
    if (frame.whole()) log(severity, text, fields);
    return frame.whole();
}

void ChildProcess::send(FrameWriter frame) {
    FrameSocket::Io sent{};
    {
        const std::lock_guard lock(mutex_);
        control_.put(frame);
        sent = control_.flush();
    }
    if (sent == FrameSocket::Io::would_block) kill("it did not take its messages");
}

void ChildProcess::on_control() {
    if (control_.fill() == FrameSocket::Io::ended) {
        if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, control_.fd());
        return kill_if_alive("it closed its connection");
    }
    std::size_t bytes = 0;
    while (auto frame = control_.take()) {
        control_.take_descriptors();
        bytes += frame->left() + 64;
        if (!take_message(*frame)) return kill("it sent what is no message");
    }
    if (control_.broken()) return kill("it sent a message that is too long");
    note_flood(control_.fd(), bytes);
}

void ChildProcess::on_output() {
    std::array<char, 16 * 1024> buffer;
    const ssize_t length = ::read(spawned_.output.get(), buffer.data(), buffer.size());
    if (length < 0) return;
    if (length == 0) {
        lines_.end();
        if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, spawned_.output.get());
        return;
    }
    lines_.add({buffer.data(), static_cast<std::size_t>(length)});
    note_flood(spawned_.output.get(), static_cast<std::size_t>(length));
}

void ChildProcess::on_refusal() {
    const bool refused = refuse_call(refusals_.get(), [this](const std::string& permission) {
        const std::string text = "it was refused what its manifest does not declare: \"" +
                                 permission + "\" in permissions";
        log(EK_SEV_WARNING, borrow(text), kAbsent);
    });
    if (refused && ++refused_ < kRefusalsMost) return;
    // Without a listener the kernel refuses by itself.
    if (const auto reactor = Reactor::shared()) (*reactor)->remove(this, refusals_.get());
    refusals_.reset();
}

// Heard while the process still ends: its group is gone soon after.
void ChildProcess::on_memory() {
    {
        const std::lock_guard lock(mutex_);
        if (!group_ || group_->ends_for_memory() == 0 || std::exchange(lacks_memory_, true)) return;
    }
    log(EK_SEV_WARNING, borrow("it or a program of it was ended: " + memory_excess()), kAbsent);
}

}  // namespace evenkeel::plugin
