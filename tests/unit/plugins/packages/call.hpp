#pragma once

#include <chrono>
#include <string>

#include <evenkeel/plugin.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace evenkeel::packages {

// A call as a host makes it, which keeps what it is told as text.
class TestCall {
  public:
    explicit TestCall(std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
        out_.size = sizeof(out_);
        out_.ctx = this;
        out_.change = [](void* ctx, const ek_change* change) -> ek_status {
            std::string& text = static_cast<TestCall*>(ctx)->told;
            ((text += sdk::view(change->path)) += " ") += sdk::view(change->before);
            ((text += ">") += sdk::view(change->after)) += ";";
            return EK_OK;
        };
        out_.diag = [](void*, const ek_diag*) -> ek_status { return EK_OK; };
        out_.progress = [](void* ctx, std::uint32_t permille, ek_str message) -> ek_status {
            std::string& text = static_cast<TestCall*>(ctx)->told;
            ((text += std::to_string(permille)) += " ") += sdk::view(message);
            text += ";";
            return EK_OK;
        };
        call_.size = sizeof(call_);
        call_.cancel_fd = ::eventfd(0, EFD_CLOEXEC);
        call_.deadline_ns =
            sdk::now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
        call_.out = &out_;
        call_.cancelled = [](const ek_call* self) -> std::int32_t {
            pollfd fd{self->cancel_fd, POLLIN, 0};
            return ::poll(&fd, 1, 0) > 0 ? 1 : 0;
        };
    }
    ~TestCall() { ::close(call_.cancel_fd); }
    TestCall(const TestCall&) = delete;
    TestCall& operator=(const TestCall&) = delete;

    sdk::Call call() const { return sdk::Call(&call_); }
    void cancel() const { ::eventfd_write(call_.cancel_fd, 1); }

    std::string told;

  private:
    ek_out out_{};
    ek_call call_{};
};

// "" or the status and the words of what `work` throws.
template <typename Work>
std::string failure_of(Work&& work, ek_status status) {
    try {
        work();
    } catch (const sdk::Failure& failure) {
        return (failure.status() == status ? ""
                                           : "status " + std::to_string(failure.status()) + ": ") +
               std::string(failure.what());
    }
    return "nothing failed";
}

}  // namespace evenkeel::packages
