#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

// Events as administrators see them: CloudEvents 1.0 in JSON, rendered once when they happen.
namespace evenkeel::state {

struct EventHeader {
    std::string id;    // "<stream>-<revision>"; empty for a live-only one
    std::string type;  // "resource.drifted"
    std::string host;  // host id, or empty
};

// As stored: type, host and id on a line each, then the CloudEvent. Filters need no JSON parser.
std::string encode_event(const EventHeader& head, std::string_view subject, std::string_view time,
                         const json::Value& data);

// A stored event; views into the record.
struct StoredEvent {
    std::string_view type;
    std::string_view host;
    std::string_view id;
    std::string_view body;  // the CloudEvent
};
Result<StoredEvent> decode_event(std::string_view record);

// The same for an event that is not stored.
std::string live_event(std::string_view type, const std::string& host, std::string_view subject,
                       const json::Value& data);

std::string event_id(std::string_view stream, std::uint64_t revision);
struct EventPosition {
    std::string stream;
    std::uint64_t revision = 0;
};
// `invalid` when it is not spelled like one of ours.
Result<EventPosition> parse_event_id(std::string_view id);

// Whether it is one of the types that administrators can see.
bool is_event_type(std::string_view type);

}  // namespace evenkeel::state
