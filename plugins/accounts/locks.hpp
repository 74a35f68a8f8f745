#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <evenkeel/cpp/call.hpp>

namespace evenkeel::accounts {

// Who is changing the account files below `etc` right now, in words ("process 123 holds
// /etc/passwd.lock"); nothing if nobody is. A lock whose process is gone holds nobody up. [any]
std::optional<std::string> lock_holder(const std::string& etc = "/etc");

// How long a call may wait for others: until shortly before its deadline, or for 30 seconds if it
// has none. [worker]
class Patience {
  public:
    // `call` must outlive it.
    explicit Patience(const sdk::Call& call);

    // Sleeps for `ms`. Throws EK_E_BUSY with `why` when the time is over.
    void wait(const std::string& why, int ms) const;
    // Waits until nobody is changing the account files.
    void wait_for_locks(const std::string& etc = "/etc") const;

  private:
    const sdk::Call& call_;
    std::uint64_t until_ns_;
};

}  // namespace evenkeel::accounts
