#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/event_feed.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/hosts.hpp"

// /v1/events
namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;
using Responder = std::shared_ptr<http::Responder>;

constexpr std::size_t kShownMost = 80;  // of what was given, in messages

ApiResult<EventFilter> read_filter(const state::View& view, const Request& request) {
    EventFilter filter;
    if (const std::string* name = request.parameter("host")) {
        const auto host = EK_API_TRY(view.hosts().resolve(*name));
        if (!host) return refuse(Code::not_found, "there is no host of this id or name");
        filter.host = host->id;
    }
    if (const std::string* types = request.parameter("type")) {
        for (std::string& type : split(*types, ',')) {
            const auto known = from_string<state::EventType>(type.substr(0, kShownMost));
            if (!known) return refuse(Code::invalid_parameter, known.error().what);
            filter.types.insert(std::move(type));
        }
    }
    return filter;
}

// What `since` may be beside an event's id: a time, or how long ago.
std::optional<std::string> read_time(std::string_view text) {
    if (const auto ago = parse_duration(text)) return to_rfc3339(now_unix_ms() - ago->count());
    if (const auto time = from_rfc3339(text)) return to_rfc3339(*time);
    return std::nullopt;
}

// The revision after which to begin: of Last-Event-ID, of `since`, or now.
ApiResult<std::uint64_t> read_position(const Context& context, const state::View& view,
                                       const Request& request) {
    const std::uint64_t now = EK_API_TRY(view.revision());
    // A browser sends the header when it comes back to the same URL: it is the newer of the two.
    const std::string* given = request.header("last-event-id");
    if (!given) given = request.parameter("since");
    if (!given) return now;
    if (const auto time = read_time(*given)) return EK_API_TRY(view.events().before(*time, now));
    const auto position = state::parse_event_id(*given);
    if (!position) {
        return refuse(Code::invalid_parameter,
                      "since is how long ago (30s, 5m, 2h, 7d), a time (2026-11-23T05:36:53Z) or "
                      "an event's id, not '" +
                          printable(given->substr(0, kShownMost)) + "'");
    }
    if (position->stream != context.state.stream().id) {
        return refuse(Code::gone,
                      "the position is of an older stream: the orchestrator was "
                      "restored from a backup, so read everything anew");
    }
    if (position->revision > now) {
        return refuse(Code::invalid_parameter, "the position is not reached yet");
    }
    if (position->revision < EK_API_TRY(view.events().floor())) {
        return refuse(Code::gone, "events after this position are not kept any more");
    }
    return position->revision;
}

void follow_events(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    auto filter = read_filter(*view, request);
    if (!filter) return responder->send(filter.error());
    const auto after = read_position(context, *view, request);
    if (!after) return responder->send(after.error());
    if (auto stream = responder->open_stream()) {
        // A client that loses the stream before the first event can come back to here.
        stream->send(http::make_mark(state::event_id(context.state.stream().id, *after)));
        context.feed.follow(std::move(stream), *std::move(filter), *after);
    }
}

std::vector<std::pair<std::string, std::string>> event_schemas() {
    return {{"resource.drifted", "ResourceEvent"},
            {"resource.restored", "ResourceEvent"},
            {"resource.repaired", "ResourceEvent"},
            {"resource.unknown", "ResourceEvent"},
            {"resource.failed", "ResourceEvent"},
            {"resource.notified", "NotifiedEvent"},
            {"description.changed", "DescriptionEvent"},
            {"description.forgotten", "DescriptionEvent"},
            {"command.changed", "CommandEvent"},
            {"command.progress", "ProgressEvent"},
            {"host.changed", "HostEvent"},
            {"enrolment.changed", "EnrolmentEvent"},
            {"environment.changed", "ModelEvent"},
            {"setting.changed", "ModelEvent"},
            {"application.changed", "ModelEvent"},
            {"assignment.changed", "ModelEvent"},
            {"plan.changed", "PlanEvent"},
            {"host.compiled", "CompiledEvent"},
            {"agent.blind", "AgentEvent"},
            {"agent.shed", "AgentEvent"},
            {"orchestrator.restored", "RestoredEvent"},
            {"error", "StreamEnd"}};
}

}  // namespace

void add_events(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(
        {.method = "GET",
         .path = "/v1/events",
         .permission = "event.read",
         .tag = "events",
         .summary = "Follow events as server-sent events; Last-Event-ID resumes",
         .query =
             {{.name = "since",
               .description =
                   "An event's id: begin after it. A time, or how long ago (5m): begin there."},
              {.name = "host", .description = "Id or name of a host."},
              {.name = "type", .description = "Event types, with commas between them."}},
         .headers = {"Last-Event-ID"},
         .answers = {{200, "CloudEvents, each as `data:` of a server-sent event.", "Event"}},
         .handler = [&](const Request& request,
                        const Responder& responder) { follow_events(context, request, responder); },
         .produces = {"text/event-stream"},
         .events = event_schemas()});
}

}  // namespace evenkeel::api
