#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/agent/lanes/collection_runner.hpp"

namespace evenkeel::agent {

class Journal;

// The calls of plugins that one command makes, one after the other: they share its deadline and its
// id, report their progress, and end when it is cancelled. [loop]
class CommandCalls {
  public:
    // `deadline_ns` CLOCK_MONOTONIC, 0: none.
    CommandCalls(Journal& journal, std::string command, std::uint64_t deadline_ns);

    // A call that works on `ref`, and on others too unless it is alone. `what` as in PluginCall.
    PluginCall make(std::string what, const wire::Ref& ref, bool is_alone);
    // Asks the current call to stop; calls made later are cancelled from the start.
    void cancel();
    bool is_cancelled() const { return is_cancelled_; }
    bool is_too_late() const;

  private:
    Journal& journal_;
    std::string command_;
    std::uint64_t deadline_ns_;
    bool is_cancelled_ = false;
    std::shared_ptr<plugin::CancelSource> newest_;  // null before the first call
};

}  // namespace evenkeel::agent
