#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

namespace evenkeel::plugin {

// The control group of one run of a plugin's process and of all that it starts: a scope of systemd,
// where systemd runs this program as a service. It bounds how many they are, their memory and their
// share of the processors, and ends when the service does. [any]
class ControlGroup {
  public:
    static constexpr std::uint64_t kTasksMost = 512;               // processes and threads
    static constexpr std::uint64_t kMemoryMost = 768ull << 20;     // bytes; no swap
    static constexpr std::uint64_t kProcessorsMostUs = 1'000'000;  // in a second: one processor
    static constexpr std::uint64_t kWeight = 20;  // against 100 of any service, when they are short

    // Puts the process `pid` of the plugin "cron", which has started nothing yet, into a new one.
    // The error says why there is none here. Blocks, for a few seconds at most.
    static Result<std::unique_ptr<ControlGroup>> make(const std::string& plugin, pid_t pid);
    // Ends what is left in it, soon after.
    ~ControlGroup();
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;

    // What it does not bound here, as sentences.
    const std::vector<std::string>& gaps() const { return gaps_; }
    // Has POLLPRI when ends_for_memory() may have grown; -1: it never does.
    int event_fd() const { return events_.get(); }
    // How often the kernel has ended a process for want of memory in it.
    std::uint64_t ends_for_memory() const;

  private:
    explicit ControlGroup(std::string scope) : scope_(std::move(scope)) {}
    void look_at(pid_t pid);

    const std::string scope_;
    std::vector<std::string> gaps_;
    Fd events_;  // memory.events
};

}  // namespace evenkeel::plugin
