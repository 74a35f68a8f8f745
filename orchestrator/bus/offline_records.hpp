#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core/run/backoff.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::hosts {
class Presence;
}
namespace evenkeel::state {
class State;
}

namespace evenkeel::bus {

// Records in the store that hosts have lost their link. What the store does not take is tried again
// until it does or the host is back. [loop]
class OfflineRecords {
  public:
    // Whether both hellos were exchanged with the host: then it is recorded as online.
    using IsOnline = std::function<bool(const std::string& host)>;

    OfflineRecords(run::Loop& loop, state::State& state, const hosts::Presence& presence,
                   IsOnline is_online);

    void add(const std::string& host);
    // Nothing is tried again any more.
    void stop();

  private:
    void record(const std::string& host, bool is_again);
    void retry_later();
    void retry();

    run::Loop& loop_;
    state::State& state_;
    const hosts::Presence& presence_;
    IsOnline is_online_;
    std::set<std::string> failed_;
    run::Backoff pauses_;
    run::Timer retry_;  // while any has failed
    // The store's answers that come later find this gone or stopped.
    std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);
};

}  // namespace evenkeel::bus
