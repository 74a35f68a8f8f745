#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/plugin/channel/frame.hpp"
#include "core/plugin/channel/records.hpp"

namespace evenkeel::plugin_host {

// The plugin's side of one call: its ek_call, whose callbacks send what the plugin reports to the
// agent. On the calling thread's stack for as long as the call runs.
class CallAnswers {
  public:
    // `cancel_fd` is readable once the agent wants no more. Texts of `request` outlive this.
    CallAnswers(plugin::FrameSocket& socket, int cancel_fd, const plugin::Request& request);
    ~CallAnswers();
    CallAnswers(const CallAnswers&) = delete;
    CallAnswers& operator=(const CallAnswers&) = delete;

    const ek_call* call() const { return &frame_.call; }
    // Sends how the call ended, and all that waits. False when the agent is gone.
    bool finish(plugin::Ended ended);

    // Sends a frame at once, after all that waits. False when the agent is gone. [any]
    bool send_frame(plugin::FrameWriter frame);

    // A line for the log from the thread that is in a call; false: this thread is in none.
    static bool log(plugin::FrameWriter& line);

  private:
    struct Frame {
        ek_call call;
        CallAnswers* self;
    };
    template <typename Record>
    static ek_status send(void* ctx, const Record* record) noexcept;
    static ek_status on_change(void* ctx, const ek_change* change) noexcept;
    static ek_status on_output(void* ctx, const ek_output* output) noexcept;
    static ek_status on_progress(void* ctx, const ek_progress* progress) noexcept;
    static std::int32_t is_cancelled(const ek_call* call) noexcept;

    ek_status put(plugin::FrameWriter frame, bool at_once);
    // With mutex_ held.
    bool flush();
    bool is_cancelled() const;
    // What the plugin is told to do next: to go on, or why not.
    ek_status verdict() const;
    bool is_own_thread();

    std::mutex mutex_;  // guards what is sent, for a watch's hints may come from any thread
    plugin::FrameSocket& socket_;
    const int cancel_fd_;
    Frame frame_{};
    ek_out out_{};
    const std::thread::id thread_ = std::this_thread::get_id();
    std::atomic<std::uint64_t> sent_ns_;
    std::atomic<bool> gone_{false};
    std::atomic<bool> wrong_thread_{false};
    CallAnswers* const outer_;
};

}  // namespace evenkeel::plugin_host
