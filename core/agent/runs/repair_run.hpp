#pragma once

#include <optional>

#include "core/agent/runs/busy_marks.hpp"
#include "core/agent/runs/run.hpp"
#include "core/agent/runs/run_context.hpp"
#include "core/agent/runs/step.hpp"

namespace evenkeel::agent {

struct ApplyResult;
struct CatalogEntry;
struct RunEnd;
struct StatusChange;

// Brings one resource under `enforce` back to its description. Its verdict, the event and what the
// change makes due are one transaction. [loop]
class RepairRun final : public Run {
  public:
    RepairRun(const RunContext& context, wire::Ref ref);

    // Does nothing when the resource is compliant again or is not under `enforce` any more.
    void begin() override;

  private:
    bool is_needed() const;
    void record();
    void change();
    void end(const Result<ApplyResult>& apply_result);
    std::optional<StatusChange> assess(CatalogEntry& entry,
                                       const Result<ApplyResult>& apply_result);
    RunEnd end_of(CatalogEntry& entry, const ApplyResult& apply_result);

    RunContext context_;
    wire::Ref ref_;
    BusyMarks busy_marks_;
    bool recorded_ = false;  // what the change makes due is on disk
};

}  // namespace evenkeel::agent
