#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

// How the records of layout 2 are built from numbers, JSON and sealed text, so that frequent reads
// need no parsing. docs/agent.md lists the tables. Used only by AgentStore and by the migration to
// this layout. [any]
namespace evenkeel::agent::layout {

// A FILE that a local administrator applies is the largest record.
inline constexpr json::Limits kRecordLimits{.bytes = 64 << 20};

// What seals a value: one that is copied elsewhere does not open there.
std::string body_context(std::uint64_t number);
std::string resources_context(std::string_view command);
std::string event_context(std::uint64_t seq);

// `descriptions`: the number of the body (8 bytes), then the JSON of everything else.
std::string join_description(std::uint64_t body, std::string_view json);
Result<std::uint64_t> body_of_description(std::string_view record);
std::string_view json_of_description(std::string_view record);

// `inbox_resources`: the numbers of the bodies, a line end, then the sealed JSON of the rest.
std::string join_resources(const std::vector<std::uint64_t>& bodies, std::string_view sealed);
Result<std::vector<std::uint64_t>> bodies_of_resources(std::string_view record);

// `outbox`: time and kind, a line end, the JSON of what else is kept in memory, a line end, then
// the sealed JSON text of the data. So an event is sent without parsing any of it.
struct EventRecord {
    std::string_view time, kind, json, sealed;
};
std::string join_event(const EventRecord& parts);
// `corrupt` when a part is missing. The parts are of `record`.
Result<EventRecord> split_event(std::string_view record);

// The parts of a record before and behind its first line end.
std::string_view first_line(std::string_view record);
std::string_view behind_first_line(std::string_view record);

}  // namespace evenkeel::agent::layout
