#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <evenkeel/cpp/call.hpp>

namespace evenkeel::accounts {

// Which process changes the account files below `etc` right now, in words ("process 123 holds
// /etc/passwd.lock"); nothing if none does. The lock of a process that has ended does not count.
// [any]
std::optional<std::string> lock_holder(const std::string& etc = "/etc");

// How long a call may wait for locks: until shortly before its deadline, or for 30 seconds if it
// has none. [worker]
class WaitBudget {
  public:
    // `call` must outlive it.
    explicit WaitBudget(const sdk::Call& call);

    // Sleeps for `ms`. Throws EK_E_BUSY with `why` when the time is over.
    void wait(const std::string& why, int ms) const;
    // Waits until no process changes the account files.
    void wait_for_locks(const std::string& etc = "/etc") const;

  private:
    const sdk::Call& call_;
    std::uint64_t until_ns_;
};

}  // namespace evenkeel::accounts
