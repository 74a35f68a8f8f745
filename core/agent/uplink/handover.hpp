#pragma once

#include <functional>
#include <vector>

#include "core/agent/uplink/uplink_parts.hpp"
#include "core/base/result.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::wire {
struct OrchestratorHello;
}

namespace evenkeel::agent {

struct CatalogEntry;
struct EventDraft;
struct Tombstone;

// What an agent hands up when it meets an orchestrator's stream for the first time: after a restore
// what the backup does not know, and always how everything stands. [loop]
class Handover {
  public:
    explicit Handover(UplinkParts parts) : parts_(parts) {}

    // Commits the events, the new position and that a full report is due together, then calls
    // `done`. At once when the stream is the known one.
    void meet(const wire::OrchestratorHello& hello, std::function<void(Result<void>)> done);
    // Reports the next page of a full report, if one is due: a page at a time, so that the outbox
    // does not overflow with it.
    void report_more();

    static constexpr std::size_t kPage = 32;

  private:
    std::vector<EventDraft> restored(const wire::OrchestratorHello& hello,
                                     std::vector<Tombstone>& reported) const;
    void add_present(const CatalogEntry& entry, std::vector<EventDraft>& drafts) const;

    UplinkParts parts_;
    std::uint64_t full_report_due_ = 0;  // the one that is being given
    wire::Ref reported_up_to_;           // up to here
};

}  // namespace evenkeel::agent
