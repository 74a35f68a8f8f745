#include "core/plugin_host/call_answers.hpp"

#include <algorithm>

#include <poll.h>

#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"

namespace evenkeel::plugin_host {
namespace {

using plugin::FrameKind;
using plugin::FrameWriter;

// Small answers go together; none waits longer than the second.
constexpr std::size_t kTogether = 32 * 1024;
constexpr std::uint64_t kLongestWaitNs = 500'000'000;
// Output is sent in pieces of at most this.
constexpr std::size_t kPieceMost = 256 * 1024;

thread_local CallAnswers* running = nullptr;

}  // namespace

CallAnswers::CallAnswers(plugin::FrameSocket& socket, int cancel_fd, const plugin::Request& request)
    : socket_(socket), cancel_fd_(cancel_fd), sent_ns_(now_monotonic_ns()), outer_(running) {
    out_ = {sizeof(ek_out), 0,           this,      send<ek_item>,   send<ek_state>, on_change,
            send<ek_diag>,  on_progress, on_output, send<ek_subject>};
    frame_.self = this;
    frame_.call = {sizeof(ek_call),
                   request.flags,
                   request.deadline_ns,
                   cancel_fd,
                   0,
                   request.request_id,
                   &out_,
                   is_cancelled,
                   request.stamps.empty() ? nullptr : request.stamps.data(),
                   request.stamps.size()};
    running = this;
}

CallAnswers::~CallAnswers() {
    running = outer_;
}

bool CallAnswers::is_own_thread() {
    if (std::this_thread::get_id() == thread_) return true;
    // Nothing else of this object may be touched from here.
    wrong_thread_ = true;
    return false;
}

bool CallAnswers::flush() {
    sent_ns_ = now_monotonic_ns();
    if (socket_.flush() == plugin::FrameSocket::Io::ended) gone_ = true;
    return !gone_;
}

bool CallAnswers::is_cancelled() const {
    pollfd cancel{cancel_fd_, POLLIN, 0};
    return ::poll(&cancel, 1, 0) == 1;
}

ek_status CallAnswers::verdict() const {
    return gone_ || is_cancelled() ? EK_E_CANCELLED : EK_OK;
}

ek_status CallAnswers::put(FrameWriter frame, bool at_once) {
    const std::lock_guard lock(mutex_);
    socket_.put(frame);
    const bool is_late = now_monotonic_ns() - sent_ns_ > kLongestWaitNs;
    if (at_once || is_late || socket_.unsent() > kTogether) flush();
    return verdict();
}

template <typename Record>
ek_status CallAnswers::send(void* ctx, const Record* record) noexcept {
    auto& self = *static_cast<CallAnswers*>(ctx);
    if (!self.is_own_thread()) return EK_E_INTERNAL;
    return self.put(plugin::frame_of(record), false);
}

// What was done is known even if the process does not live to finish it.
ek_status CallAnswers::on_change(void* ctx, const ek_change* change) noexcept {
    auto& self = *static_cast<CallAnswers*>(ctx);
    if (!self.is_own_thread()) return EK_E_INTERNAL;
    const bool made = plugin::is_whole(change) && change->outcome != EK_OUT_PLANNED;
    return self.put(plugin::frame_of(change), made);
}

// It tells administrators how far the call is.
ek_status CallAnswers::on_progress(void* ctx, const ek_progress* progress) noexcept {
    auto& self = *static_cast<CallAnswers*>(ctx);
    if (!self.is_own_thread()) return EK_E_INTERNAL;
    return self.put(plugin::frame_of(progress), true);
}

ek_status CallAnswers::on_output(void* ctx, const ek_output* output) noexcept {
    auto& self = *static_cast<CallAnswers*>(ctx);
    if (!self.is_own_thread()) return EK_E_INTERNAL;
    if (!plugin::is_whole(output)) return self.put(plugin::frame_of(output), false);
    ek_output piece = *output;
    ek_status status = EK_OK;
    do {
        const std::size_t done = static_cast<std::size_t>(piece.bytes.ptr - output->bytes.ptr);
        piece.bytes.len = std::min(kPieceMost, output->bytes.len - done);
        status = self.put(plugin::frame_of(&piece), false);
        piece.bytes.ptr += piece.bytes.len;
    } while (piece.bytes.ptr < output->bytes.ptr + output->bytes.len);
    return status;
}

std::int32_t CallAnswers::is_cancelled(const ek_call* call) noexcept {
    CallAnswers& self = *reinterpret_cast<const Frame*>(call)->self;
    const bool own = std::this_thread::get_id() == self.thread_;
    // A sign of life, which the agent waits for.
    if (own && now_monotonic_ns() - self.sent_ns_ > kLongestWaitNs)
        self.put(FrameWriter(FrameKind::alive), true);
    return self.is_cancelled() || (own && self.gone_) ? 1 : 0;
}

bool CallAnswers::finish(plugin::Ended ended) {
    running = outer_;
    if (wrong_thread_)
        ended.broken_rule = plugin::borrow("an answer comes from another thread than the call");
    return send_frame(plugin::frame_of(ended));
}

bool CallAnswers::send_frame(FrameWriter frame) {
    const std::lock_guard lock(mutex_);
    socket_.put(frame);
    return flush();
}

bool CallAnswers::log(FrameWriter& line) {
    if (running == nullptr) return false;
    const std::lock_guard lock(running->mutex_);
    running->socket_.put(line);
    if (running->socket_.unsent() > kTogether) running->flush();
    return true;
}

}  // namespace evenkeel::plugin_host
