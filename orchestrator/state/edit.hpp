#pragma once

#include "core/json/json.hpp"
#include "core/json/text.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::store {
class WriteTxn;
}

namespace evenkeel::state {

class AuditTrailEdits;
class BodyEdits;
class CollectionEdits;
class CommandEdits;
class EnrolmentEdits;
class EnrolmentTokenEdits;
class EventEdits;
class HostEdits;
class LeaseEdits;
class MirroredNameEdits;
class ModelObjectEdits;
class PlanEdits;
class ReplyEdits;
class RequirementEdits;
class ResourceEdits;
class SteadyClock;
class ToCompileEdits;
class TokenEdits;
class WantedOfHostsEdits;
enum class EventType;
struct AuditContext;

// One change of the state: everything that belongs together, with its events, in one transaction
// and on the writer's thread. Its repositories can be changed; they see what was written before.
// [lane]
class Edit : public View {
  public:
    Edit(store::WriteTxn& txn, const Tables& tables, const std::string& stream,
         const SteadyClock& clock);

    HostEdits hosts();
    CollectionEdits collections();
    ResourceEdits resources();
    BodyEdits bodies();
    MirroredNameEdits mirrored_names();
    ModelObjectEdits model_objects();
    PlanEdits plans();
    RequirementEdits requirements();
    CommandEdits commands();
    EventEdits events();
    TokenEdits tokens();
    EnrolmentEdits enrolments();
    EnrolmentTokenEdits enrolment_tokens();
    AuditTrailEdits audit_trail();
    ReplyEdits replies();
    LeaseEdits leases();
    ToCompileEdits to_compile();
    WantedOfHostsEdits wanted();

    // The orchestrator's stream.
    const std::string& stream() const { return *stream_; }
    // For what expires.
    const SteadyClock& clock() const { return *clock_; }
    // The next number of the one counter for everything that changes. O(1)
    Result<std::uint64_t> next_revision();
    Result<std::uint64_t> next_number(std::string_view name);

    // When the events happened that are recorded from here on, as the host that reports them says
    // (see time_of_host). Now, unless this is said.
    void happened_at(std::string_view time);
    // As RFC 3339.
    std::string happened() const;
    // Records an event under a revision of its own, which it returns. `host` is empty for events
    // without one; `subject` is "collection/id" or the object's id. O(1)
    Result<std::uint64_t> add_event(EventType type, const std::string& host,
                                    std::string_view subject, const json::Text& data);
    Result<std::uint64_t> add_event(EventType type, const std::string& host,
                                    std::string_view subject, const json::Value& data);
    // The same under a revision from next_revision(), for data that names it.
    Result<void> add_event_at(std::uint64_t revision, EventType type, const std::string& host,
                              std::string_view subject, const json::Text& data);

    // Appends the act to the audit, with the revision that it led to. State::submit(AuditContext,
    // ...) does it for requests; what the bus brings calls it itself. O(1)
    Result<void> audit(const AuditContext& audit_context);
    // Says in that record what the change was; no secrets. For a work that is given an
    // AuditContext.
    void note(std::string name, json::Value value) {
        notes_.set(std::move(name), std::move(value));
    }

  private:
    friend class RepositoryEdits;

    store::WriteTxn* write_;
    const std::string* stream_;
    const SteadyClock* clock_;
    std::string happened_;
    json::Object notes_;
};

}  // namespace evenkeel::state
