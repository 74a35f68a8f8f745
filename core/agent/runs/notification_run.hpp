#pragma once

#include <vector>

#include "core/agent/model/check_result.hpp"
#include "core/agent/runs/busy_marks.hpp"
#include "core/agent/runs/run.hpp"
#include "core/agent/runs/run_context.hpp"

namespace evenkeel::agent {

struct PendingNotifications;

// Runs an action that repairs have made due, once for all of its sources. [loop]
class NotificationRun final : public Run {
  public:
    // For what was changed in the collection `source`.
    NotificationRun(const RunContext& context, std::string source, wire::Notification notification);

    // Does nothing when it is not pending any more.
    void begin() override;

  private:
    std::vector<wire::Ref> due_sources() const;
    void run_action();
    void end(const ApplyResult& applied);
    // Removes the action from what is pending for its sources.
    std::vector<PendingNotifications> settle();

    RunContext context_;
    std::string source_;
    wire::Notification notification_;
    std::vector<wire::Ref> sources_;  // what was changed, once begun
    BusyMarks busy_marks_;
};

}  // namespace evenkeel::agent
