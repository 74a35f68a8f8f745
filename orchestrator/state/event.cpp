#include "orchestrator/state/event.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace evenkeel::state {
namespace {

std::string render(const EventHeader& head, std::string_view subject, std::string_view time,
                   const json::Value& data) {
    json::Object event{{"specversion", "1.0"}};
    if (!head.id.empty()) event.append("id", head.id);
    event.append("source", head.host.empty() ? "/v1" : "/v1/hosts/" + head.host);
    event.append("type", to_string(head.type));
    event.append("subject", subject);
    event.append("time", time);
    event.append("datacontenttype", "application/json");
    event.append("data", data);
    return json::write(std::move(event));
}

}  // namespace

std::string encode_event(const EventHeader& head, std::string_view subject, std::string_view time,
                         const json::Value& data) {
    return std::string(to_string(head.type)) + "\n" + head.host + "\n" + head.id + "\n" +
           render(head, subject, time, data);
}

Result<StoredEvent> decode_event(std::string_view record) {
    StoredEvent event;
    for (std::string_view* part : {&event.type, &event.host, &event.id}) {
        const std::size_t end = record.find('\n');
        if (end == std::string_view::npos) return fail(Errc::corrupt, "an event does not read");
        *part = record.substr(0, end);
        record.remove_prefix(end + 1);
    }
    event.body = record;
    return event;
}

std::string live_event(EventType type, const std::string& host, std::string_view subject,
                       const json::Value& data) {
    return render({.id = "", .type = type, .host = host}, subject, now_rfc3339(), data);
}

std::string event_id(std::string_view stream, std::uint64_t revision) {
    return std::string(stream) + "-" + std::to_string(revision);
}

Result<EventPosition> parse_event_id(std::string_view id) {
    const std::size_t dash = id.rfind('-');
    if (dash == std::string_view::npos || !id.starts_with("stream_")) {
        return fail(Errc::invalid, "'" + printable(id.substr(0, 80)) + "' is no event id");
    }
    return EventPosition{.stream = std::string(id.substr(0, dash)),
                         .revision = EK_TRY(parse_number(id.substr(dash + 1)))};
}

}  // namespace evenkeel::state
