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
struct Identity;
struct Tombstone;

// Reports to an orchestrator's stream that the agent meets for the first time, or with a new
// identity: after a restore, the descriptions that the backup is too old to contain; and always the
// status of every resource. Descriptions of a former orchestrator stay in force until this one has
// compared them with its own and lets the agent forget what it does not describe.
// [loop]
class Handover {
  public:
    Handover(UplinkParts parts, const Identity& identity);

    // Commits the events, the new position and that a full report is due, in one transaction, then
    // calls `done`; at once when stream and identity are as before.
    void on_hello(const wire::OrchestratorHello& hello, std::function<void(Result<void>)> done);
    // Reports the next page of a full report, if one is due: a page at a time, so that the outbox
    // does not overflow with it. One that the disk has no room for is tried again as two, once the
    // journal has more to send.
    void report_more();

    static constexpr std::size_t kPage = 32;

  private:
    void begin(const wire::OrchestratorHello& hello, bool same_identity,
               std::function<void(Result<void>)> done);
    std::vector<EventDraft> restored(const wire::OrchestratorHello& hello,
                                     std::vector<Tombstone>& reported) const;
    void add_present(const CatalogEntry& entry, std::vector<EventDraft>& drafts) const;

    UplinkParts parts_;
    const std::string enrolment_;        // Identity::enrolment
    std::uint64_t full_report_due_ = 0;  // the report under way; 0: none
    wire::Ref reported_up_to_;           // by the report under way
    std::size_t page_ = kPage;
    bool commits_ = false;  // a page
};

}  // namespace evenkeel::agent
