#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::state {

// What one committed change means for those who wait for something.
struct Effects {
    bool events = false;                                            // there are new events
    std::map<std::string, std::uint64_t, std::less<>> event_types;  // how many of each
    std::set<std::string> queues;       // hosts that have commands to get, or none left
    std::vector<std::string> commands;  // whose state changed
};

// One change of the state: everything that belongs together, with its events, in one transaction
// and on the writer's thread. Reads see what was written before. [lane]
class Edit : public View {
  public:
    Edit(store::WriteTxn& txn, const Tables& tables, const std::string& stream, Effects& effects)
        : View(txn, tables), write_(&txn), stream_(&stream), effects_(&effects) {}

    // The orchestrator's stream.
    const std::string& stream() const { return *stream_; }
    // The next number of the one counter for everything that changes.
    Result<std::uint64_t> next_revision();
    Result<std::uint64_t> next_number(std::string_view counter);

    // Records an event under a revision of its own, which it returns. `host` is empty for events
    // without one; `subject` is "collection/id" or the object's id.
    Result<std::uint64_t> add_event(std::string_view type, const std::string& host,
                                    std::string_view subject, const json::Value& data);
    // The same under a revision from next_revision(), for data that names it.
    Result<void> add_event_at(std::uint64_t revision, std::string_view type,
                              const std::string& host, std::string_view subject,
                              const json::Value& data);

    // Appends the act to the audit, with the revision that it led to. State::submit(AuditContext,
    // ...) does it for requests; what the bus brings calls it itself.
    Result<void> audit(const AuditContext& audit_context);
    // Says in that record what the change was; no secrets. For a work that is given an
    // AuditContext.
    void note(std::string name, json::Value value) {
        notes_.set(std::move(name), std::move(value));
    }
    // Throws away records up to this one, of which the chain then begins.
    Result<void> prune_audit(std::uint64_t up_to);

    Result<void> put_host(const Host& host);
    // put_host, and the event host.changed.
    Result<void> announce_host(const Host& host);
    Result<void> put_name(std::string_view name, std::string_view host);
    Result<void> erase_name(std::string_view name);
    Result<void> put_fingerprint(std::string_view fingerprint, std::string_view host);
    Result<void> erase_fingerprint(std::string_view fingerprint);
    Result<void> put_mark(std::string_view host, const EventMark& mark);
    // Replaces what the host reported before.
    Result<void> put_collections(const std::string& host, const std::vector<Collection>& all);
    Result<void> put_schema(std::string_view sha256, std::string_view text);
    Result<void> put_api_token(const ApiToken& token);
    Result<void> put_enrolment_token(const EnrolmentToken& token);

    Result<void> erase_enrolment_token(std::string_view id);

    // Keeps the host's tally right.
    Result<void> put_resource(const std::string& host, const Resource& resource);
    Result<void> erase_resource(const std::string& host, const wire::Ref& ref);

    // Keeps the queue and the list by host right, and records command.changed. `command` loses
    // its descriptions once it is finished.
    Result<void> put_command(Command& command);
    Result<void> erase_command(const Command& command);

    Result<void> put_kept_reply(std::string_view record, const KeptReply& reply);

    Result<void> put_counter(std::string_view name, std::uint64_t value);
    store::WriteTxn& raw() { return *write_; }

  private:
    Result<void> put(store::Table table, std::string_view key, const json::Value& value);
    Result<void> shift_counts(const std::string& host, const Resource* from, const Resource* to);

    store::WriteTxn* write_;
    const std::string* stream_;
    Effects* effects_;
    json::Object notes_;
};

}  // namespace evenkeel::state
