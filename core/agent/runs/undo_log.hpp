#pragma once

#include <deque>
#include <map>
#include <optional>

#include "core/wire/resource.hpp"

namespace evenkeel::agent {

// Finds out which resource's change comes before another one's drift. Two descriptions that
// contradict each other look like that: to repair one is to undo the other. What contradicts what
// is known to plugins only, so it is found by what happens: the agent counts whose change lay
// between a repair and the next drift. A drift costs a look at the last changes. [loop]
class UndoLog {
  public:
    // A repair or a command has changed it.
    void on_changed(const wire::Ref& ref);
    // It is not as described any more.
    void on_drift(const wire::Ref& ref);
    // Whose change came before more than half of `drifts` drifts; nothing when there is no such.
    std::optional<wire::Ref> suspect(const wire::Ref& ref, std::size_t drifts) const;
    // Its drifts are counted from zero.
    void forget(const wire::Ref& ref) { undone_.erase(ref); }

  private:
    std::deque<wire::Ref> changed_;  // the last changes, the newest last
    // By what was undone: after whose change, and how often.
    std::map<wire::Ref, std::map<wire::Ref, std::size_t>> undone_;
};

}  // namespace evenkeel::agent
