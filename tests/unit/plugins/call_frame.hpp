#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <evenkeel/plugin.hpp>
#include <poll.h>
#include <unistd.h>

namespace evenkeel::test {

// A call as the host makes one, and what was answered to it.
class CallFrame {
  public:
    explicit CallFrame(std::uint32_t flags = 0,
                       std::chrono::milliseconds time = std::chrono::seconds(10)) {
        if (::pipe(pipe_) != 0) throw std::runtime_error("no pipe");
        out_.size = sizeof out_;
        out_.ctx = this;
        out_.diag = [](void* self, const ek_diag* diag) {
            static_cast<CallFrame*>(self)->notes.push_back(
                std::string(sdk::view(diag->path)) + " " + std::string(sdk::view(diag->summary)));
            return ek_status{EK_OK};
        };
        out_.change = [](void* self, const ek_change* change) {
            static const char* const kOutcomes[] = {"", "planned", "done", "failed", "skipped"};
            auto& frame = *static_cast<CallFrame*>(self);
            const std::string path(sdk::view(change->path));
            frame.changes += path + " " + kOutcomes[change->outcome] + ";";
            frame.differences += path + " " + std::string(sdk::view(change->before)) + ">" +
                                 std::string(sdk::view(change->after)) + ";";
            return ek_status{EK_OK};
        };
        out_.item = [](void* self, const ek_item* item) {
            static_cast<CallFrame*>(self)->items +=
                std::string(sdk::view(item->id)) + " " + std::string(sdk::view(item->json)) + ";";
            return ek_status{EK_OK};
        };
        out_.state = [](void*, const ek_state*) { return ek_status{EK_OK}; };
        out_.about = [](void*, const ek_subject*) { return ek_status{EK_OK}; };
        out_.output = [](void*, const ek_output*) { return ek_status{EK_OK}; };
        out_.progress = [](void* self, const ek_progress* record) {
            auto& frame = *static_cast<CallFrame*>(self);
            frame.progress += std::to_string(record->permille) + " " +
                              std::string(sdk::view(record->message)) + ";";
            if (frame.on_progress) frame.on_progress();
            return ek_status{EK_OK};
        };
        frame_.size = sizeof frame_;
        frame_.flags = flags;
        frame_.deadline_ns = sdk::now_ns() + static_cast<std::uint64_t>(time.count()) * 1'000'000;
        frame_.cancel_fd = pipe_[0];
        frame_.out = &out_;
        frame_.cancelled = [](const ek_call* call) {
            pollfd cancel{call->cancel_fd, POLLIN, 0};
            return std::int32_t{::poll(&cancel, 1, 0) > 0};
        };
    }
    ~CallFrame() {
        ::close(pipe_[0]);
        ::close(pipe_[1]);
    }
    CallFrame(const CallFrame&) = delete;
    CallFrame& operator=(const CallFrame&) = delete;

    sdk::Call call() const { return sdk::Call(&frame_); }
    void cancel() const { [[maybe_unused]] const auto sent = ::write(pipe_[1], "x", 1); }

    std::vector<std::string> notes;
    std::string changes;      // "path outcome;"
    std::string differences;  // "path before>after;"
    std::string items;        // "id json;"
    std::string progress;     // "permille message;"
    std::function<void()> on_progress;

  private:
    int pipe_[2] = {-1, -1};
    ek_out out_{};
    ek_call frame_{};
};

// "status path: summary" of the failure that the work ends with; "" if it ends well.
template <typename Work>
std::string failure_of(Work&& work) {
    try {
        work();
        return "";
    } catch (const sdk::Failure& failure) {
        const ek_diag diag = failure.diagnostic();
        return std::to_string(failure.status()) + " " + std::string(sdk::view(diag.path)) + ": " +
               failure.what();
    }
}

// The summary alone, if the status is the expected one.
template <typename Work>
std::string failure_of(Work&& work, ek_status expected) {
    const std::string failure = failure_of(work);
    const std::string prefix = std::to_string(expected) + " ";
    if (failure.rfind(prefix, 0) != 0) return failure.empty() ? "nothing failed" : failure;
    return failure.substr(failure.find(": ") + 2);
}

}  // namespace evenkeel::test
