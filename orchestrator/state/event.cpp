#include "orchestrator/state/event.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace evenkeel::state {
namespace {

// `recorded` is empty for one that is not stored.
std::string render(const EventHeader& head, std::string_view subject, std::string_view time,
                   std::string_view recorded, const json::Text& data) {
    json::Text event;
    event.open_object();
    event.member("specversion", "1.0");
    if (!head.id.empty()) event.member("id", head.id);
    event.member("source", head.host.empty() ? "/v1" : "/v1/hosts/" + head.host);
    event.member("type", to_string(head.type));
    event.member("subject", subject);
    event.member("time", time);
    if (!recorded.empty()) event.member("recordedtime", recorded);
    event.member("datacontenttype", "application/json");
    event.member("data", data);
    event.close_object();
    return event.take();
}

// A member of the CloudEvent before its data, without a parser: it is rendered by us.
std::string_view head_member(std::string_view body, std::string_view member) {
    const std::size_t at = body.substr(0, body.find("\"data\":")).rfind(member);
    if (at == std::string_view::npos) return {};
    body.remove_prefix(at + member.size());
    return body.substr(0, body.find('"'));
}

}  // namespace

std::string encode_event(const EventHeader& head, std::string_view subject, const EventTimes& times,
                         const json::Text& data) {
    std::string record(to_string(head.type));
    record.append("\n").append(head.host).append("\n").append(head.id).append("\n");
    return record.append(render(head, subject, times.happened, times.recorded, data));
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

std::string_view recorded_time(const StoredEvent& event) {
    const std::string_view recorded = head_member(event.body, "\"recordedtime\":\"");
    return recorded.empty() ? head_member(event.body, "\"time\":\"") : recorded;
}

std::string live_event(EventType type, const std::string& host, std::string_view subject,
                       std::string_view time, const json::Value& data) {
    json::Text text;
    text.add(data);
    return render({.id = "", .type = type, .host = host}, subject, time, "", text);
}

std::string time_of_host(std::string_view time) {
    const std::int64_t now = now_unix_ms();
    const auto named = from_rfc3339(time);
    return to_rfc3339(named ? std::min(*named, now) : now);
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
