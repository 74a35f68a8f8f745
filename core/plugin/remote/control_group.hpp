#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/plugin/until.hpp"

namespace evenkeel::plugin {

// The control group of one run of a plugin's process and of all that it starts: a scope of systemd,
// where systemd runs this program as a service. It bounds how many they are, their memory and their
// share of the processors (process_bounds.hpp), and ends when the service does. [any]
class ControlGroup {
  public:
    // Puts the process `pid` of the plugin "cron", which has started nothing yet, into a new one
    // that ends with `service`, this process's own; that may have failed: notes() says so. The
    // error says why none can be made here. Blocks until `until`, and two seconds at most.
    static Result<std::unique_ptr<ControlGroup>> make(const std::string& plugin, pid_t pid,
                                                      const std::string& service,
                                                      const Until& until);
    // Ends what is left in it, soon after.
    ~ControlGroup();
    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;

    // Whether the process is in it. If not, it may get there yet.
    bool is_made() const { return is_made_; }
    // What it does not bound here, as sentences.
    const std::vector<std::string>& notes() const { return notes_; }
    // Has POLLPRI when ends_for_memory() may have grown; -1: it never does.
    int event_fd() const { return events_.get(); }
    // How often the kernel has ended a process for want of memory in it.
    std::uint64_t ends_for_memory() const;

  private:
    explicit ControlGroup(std::string scope) : scope_(std::move(scope)) {}
    void look_at(pid_t pid);

    const std::string scope_;
    bool is_made_ = false;
    std::vector<std::string> notes_;
    Fd events_;  // memory.events
};

// The note of a process that is in no control group, for this reason.
std::string no_bounds(const Error& why);
// What a process took that was ended for want of memory: "more memory than the 768 MiB ...".
std::string memory_excess();

}  // namespace evenkeel::plugin
