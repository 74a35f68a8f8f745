#include <atomic>
#include <cstdint>

#include <sys/eventfd.h>

#include "core/base/fd.hpp"
#include "core/plugin/collection.hpp"

namespace evenkeel::plugin {

struct CancelSource::State {
    Fd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<bool> cancelled{false};
};

CancelSource::CancelSource() : state_(std::make_unique<State>()) {}
CancelSource::~CancelSource() = default;

void CancelSource::cancel() {
    state_->cancelled = true;
    const std::uint64_t one = 1;
    // Without a descriptor (none was left) the flag alone tells.
    [[maybe_unused]] const auto written = ::write(state_->event.get(), &one, sizeof(one));
}

bool CancelSource::cancelled() const {
    return state_->cancelled;
}
int CancelSource::fd() const {
    return state_->event.get();
}

}  // namespace evenkeel::plugin
