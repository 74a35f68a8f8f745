#include "core/agent/store/layout.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/store/key.hpp"

namespace evenkeel::agent::layout {
namespace {

constexpr std::size_t kNumberBytes = 8;

}  // namespace

std::string body_context(std::uint64_t number) {
    return "bodies/" + std::to_string(number);
}

std::string resources_context(std::string_view command) {
    return "inbox_resources/" + std::string(command);
}

std::string event_context(std::uint64_t seq) {
    return "outbox/" + std::to_string(seq);
}

std::string join_description(std::uint64_t body, std::string_view json) {
    return store::number_key(body).append(json);
}

Result<std::uint64_t> body_of_description(std::string_view record) {
    return store::number_of(record.substr(0, kNumberBytes));
}

std::string_view json_of_description(std::string_view record) {
    return record.substr(std::min(kNumberBytes, record.size()));
}

std::string join_resources(const std::vector<std::uint64_t>& bodies, std::string_view sealed) {
    std::string record;
    for (const std::uint64_t body : bodies) {
        if (!record.empty()) record += ' ';
        record += std::to_string(body);
    }
    return (record += '\n').append(sealed);
}

Result<std::vector<std::uint64_t>> bodies_of_resources(std::string_view record) {
    std::vector<std::uint64_t> bodies;
    const std::string_view line = first_line(record);
    if (line.empty()) return bodies;
    for (const std::string& text : split(line, ' ')) bodies.push_back(EK_TRY(parse_number(text)));
    return bodies;
}

std::string join_event(const EventRecord& parts) {
    std::string record(parts.time);
    record.append(" ").append(parts.kind).append("\n");
    return record.append(parts.json).append("\n").append(parts.sealed);
}

Result<EventRecord> split_event(std::string_view record) {
    const std::string_view head = first_line(record);
    const std::string_view rest = behind_first_line(record);
    const std::size_t space = head.find(' ');
    if (space == std::string_view::npos || rest.find('\n') == std::string_view::npos) {
        return fail(Errc::corrupt, "an event without kind");
    }
    return EventRecord{head.substr(0, space), head.substr(space + 1), first_line(rest),
                       behind_first_line(rest)};
}

std::string_view first_line(std::string_view record) {
    return record.substr(0, record.find('\n'));
}

std::string_view behind_first_line(std::string_view record) {
    const std::size_t end = record.find('\n');
    return end == std::string_view::npos ? std::string_view() : record.substr(end + 1);
}

}  // namespace evenkeel::agent::layout
