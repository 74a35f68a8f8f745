#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <poll.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/plugin/channel/frame.hpp"
#include "core/plugin/channel/tables.hpp"
#include "core/plugin/isolation.hpp"
#include "core/plugin/remote/control_group.hpp"
#include "core/plugin/remote/idle_work.hpp"
#include "core/plugin/remote/printed_lines.hpp"
#include "core/plugin/remote/spawn.hpp"
#include "core/plugin/remote/storage_service.hpp"
#include "core/plugin/until.hpp"

namespace evenkeel::plugin {

// One connection to a plugin's process, for one call at a time or for one watch.
struct Channel {
    FrameSocket socket;  // non-blocking
    Fd cancel;           // eventfd: the plugin's cancel_fd
};

// One run of a plugin's process (core/plugin_host), from its start to its end. Nothing that it says
// is trusted. [any]
class ChildProcess : public std::enable_shared_from_this<ChildProcess> {
  public:
    // What the plugin's host is for it. Called until stop() has returned, on the reactor's thread
    // and in calls.
    struct Listener {
        const ek_host& host;
        // It has ended; `how` is "it was ended by signal 9 (Killed)". Short.
        std::function<void(const std::string& how)> ended;
    };

    // Starts the process and waits until it serves the plugin; the error says why it does not, and
    // with `unsupported` what to do, too. With a `data_dir` it gets the folder that this descriptor
    // is, else -1.
    static Result<std::shared_ptr<ChildProcess>> start(const Isolation& isolation,
                                                       const Service& service, int data_dir,
                                                       Listener listener, const Until& until);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    const Tables& tables() const { return tables_; }
    pid_t pid() const { return spawned_.pid; }
    // What nothing keeps it from here, as sentences.
    const std::vector<std::string>& notes() const { return notes_; }

    // One that nobody uses, or a new one. `unavailable` when the process has ended.
    Result<std::unique_ptr<Channel>> take_channel();
    Result<std::unique_ptr<Channel>> new_channel();
    // For the next call.
    void give_back(std::unique_ptr<Channel> channel);

    // While a call runs.
    class Work {
      public:
        explicit Work(ChildProcess& child) : child_(child) { child.note_work(true); }
        ~Work() { child_.note_work(false); }
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;

      private:
        ChildProcess& child_;
    };
    // Ends it if it works too much though no call runs; whether it does.
    bool end_if_busy();

    // A line that came beside the answers of a call.
    void log(std::int32_t severity, ek_str text, ek_str fields) const {
        listener_.host.log(listener_.host.ctx, severity, text, fields);
    }

    // Ends it at once, with the programs that it has started; how() will be `why`.
    void kill(const std::string& why);
    // The same, after it has closed what it should not: unless it ends by itself.
    void kill_if_alive(const std::string& why);
    // Ends it without telling the listener, of which nothing is called any more.
    void stop();
    bool has_ended() const { return ended_; }
    // How it has ended. Waits so long until the listener knows.
    std::string how(std::chrono::nanoseconds patience = std::chrono::seconds(1));

  private:
    ChildProcess(Spawned spawned, Listener listener, std::chrono::nanoseconds idle_work_most);
    void join_group(const std::string& plugin, const Until& until);
    Result<void> greet(const Service& service, int data_dir, const Until& until);
    Result<void> take_greeting();
    Result<void> look_after();
    Result<void> listen_to(int fd, void (ChildProcess::*handler)(), std::uint32_t events = POLLIN);
    void on_control();
    bool take_message(FrameReader& frame);
    void on_output();
    void on_refusal();
    void on_memory();
    void on_timer();
    void on_end();
    void on_hang();  // nothing is read from it any more
    void end();
    void send(FrameWriter frame);
    void note_flood(int fd, std::size_t bytes);
    void note_work(bool begins);
    std::uint64_t processor_time() const;  // in ns; with the lock, before it is reaped
    // Nobody is left behind who was started by it. With the lock, before it is reaped.
    void kill_session() const;
    // Waits a second at most; false when it is not over by then.
    bool reap();

    Spawned spawned_;
    Listener listener_;
    FrameSocket control_;
    std::unique_ptr<StorageService> storage_;
    Tables tables_;
    PrintedLines lines_;
    FloodGate gate_;
    Fd timer_;     // for what is not read because of a flood
    Fd refusals_;  // seccomp's notifications
    bool sandboxed_ = false;
    unsigned refused_ = 0;
    std::vector<std::string> notes_;
    std::atomic<bool> ended_{false};
    std::mutex mutex_;  // guards what follows, and what is sent over control_
    std::condition_variable over_;
    std::vector<std::unique_ptr<Channel>> idle_;
    bool reaped_ = false, told_ = false, stopped_ = false;
    bool lacks_memory_ = false;  // the kernel has ended it or a program of it
    std::string how_;
    IdleWork idle_work_;
    std::unique_ptr<ControlGroup> group_;  // null: there is none, or it is over
};

}  // namespace evenkeel::plugin
