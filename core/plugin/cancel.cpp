#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include <sys/eventfd.h>

#include "core/base/fd.hpp"
#include "core/plugin/collection.hpp"

namespace evenkeel::plugin {

struct CancelSource::State {
    Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<bool> cancelled{false};
    std::mutex mutex;  // guards why
    Error why;
};

CancelSource::CancelSource() : state_(std::make_unique<State>()) {}
CancelSource::~CancelSource() = default;

void CancelSource::cancel(Error why) {
    const std::lock_guard lock(state_->mutex);
    if (state_->cancelled) return;
    state_->why = std::move(why);
    state_->cancelled = true;
    const std::uint64_t one = 1;
    // Without a descriptor (none was left) the flag alone tells.
    [[maybe_unused]] const auto written = ::write(state_->event.get(), &one, sizeof(one));
}

bool CancelSource::cancelled() const {
    return state_->cancelled;
}
Error CancelSource::why() const {
    const std::lock_guard lock(state_->mutex);
    return state_->why;
}
int CancelSource::fd() const {
    return state_->event.get();
}

}  // namespace evenkeel::plugin
