#pragma once

#include "core/agent/model/records.hpp"

// How the agent's records are written as JSON in its store. These codecs are the store's own, apart
// from those of the wire, so that a stored form may stay while a message changes, and the other way
// round; a change here needs a migration. What holds secrets (bodies, the resources of a command,
// the data of an event) is not in them: AgentStore seals it. Decoding tells `corrupt`. [any]
namespace evenkeel::agent {

json::Value encode(const Metadata& metadata);
Result<Metadata> decode_metadata(const json::Value& value);
json::Value encode(const Observation& observation);
Result<Observation> decode_observation(const json::Value& value);
json::Value encode(const Tombstone& tombstone);
Result<Tombstone> decode_tombstone(const json::Value& value);
json::Value encode(const PendingNotifications& pending);
Result<PendingNotifications> decode_pending_notifications(const json::Value& value);
json::Value encode(const InboxCommand& inbox);  // without resources
Result<InboxCommand> decode_inbox(const json::Value& value);
// Without time, kind and data, which lie beside it.
json::Value encode(const OutboxEvent& outbox_event);
Result<OutboxEvent> decode_outbox_event(const json::Value& value);
// What a command asks for, without the description's body, which lies beside it.
json::Value encode_resource(const wire::ResourceRequest& request);
Result<wire::ResourceRequest> decode_resource(const json::Value& value);
json::Value encode(const HeldCollection& held);
Result<HeldCollection> decode_held(const json::Value& value);
json::Value encode(const RebootRequired& required);
Result<RebootRequired> decode_reboot_required(const json::Value& value);

}  // namespace evenkeel::agent
