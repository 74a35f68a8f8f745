#include "orchestrator/api/listing.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "orchestrator/api/list_feed.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/resources.hpp"

namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;
using Responder = std::shared_ptr<http::Responder>;

constexpr std::chrono::minutes kWaitMost{10};

// "1207", or "stream_…-1207", which a restore from a backup makes invalid.
ApiResult<std::uint64_t> read_since(const Context& context, const state::View& view,
                                    const std::string& text) {
    state::EventPosition position{.stream = context.state.stream().id};
    if (const auto number = parse_number(text)) {
        position.revision = *number;
    } else {
        const auto id = state::parse_event_id(text);
        if (!id) return refuse(Code::invalid_parameter, "since is a revision of this API");
        position = *id;
    }
    const std::uint64_t now = EK_API_TRY(view.revision());
    if (position.stream != context.state.stream().id) {
        return refuse(Code::gone, "the revision is older than the last restore: list anew");
    }
    if (position.revision > now) {
        return refuse(Code::invalid_parameter, "the revision is not reached yet");
    }
    if (position.revision < EK_API_TRY(view.events().floor())) {
        return refuse(Code::gone, "changes after this revision are not kept any more: list anew");
    }
    return position.revision;
}

ApiResult<std::chrono::milliseconds> read_wait(const Request& request) {
    const std::string* text = request.parameter("wait");
    if (!text) return std::chrono::milliseconds(0);
    const auto wait = parse_duration(*text);
    if (!wait || wait->count() < 0 || *wait > kWaitMost) {
        return refuse(Code::invalid_parameter, "wait is a duration up to 10m, like 30s");
    }
    return *wait;
}

ApiResult<bool> read_watch(const Request& request) {
    const std::string* text = request.parameter("watch");
    if (!text || *text == "0") return false;
    if (*text != "1") return refuse(Code::invalid_parameter, "watch is 1");
    for (const char* name : {"cursor", "limit", "order_by", "wait"}) {
        if (!request.parameter(name)) continue;
        return refuse(Code::invalid_parameter,
                      "a watch is of the whole list, without " + std::string(name));
    }
    return true;
}

// The path, what selects entries but `filter`, which is asked of each item, and which entries these
// are: a host's name in the path may have become another host's.
std::string name_of(const Request& request, const state::List& list) {
    std::string name = request.target + "\n" + list.extent();
    for (const auto& [parameter, value] : request.query) {
        constexpr std::string_view kOthers[] = {"filter", "since",  "wait",    "watch",
                                                "limit",  "cursor", "order_by"};
        if (std::find(std::begin(kOthers), std::end(kOthers), parameter) != std::end(kOthers))
            continue;
        name.append("\n").append(parameter).append("=").append(value);
    }
    return name;
}

template <typename T>
bool answered(const Responder& responder, const T& checked) {
    if (checked) return false;
    responder->send(checked.error());
    return true;
}

void answer_page(const Context& context, const Fields& fields, const state::View& view,
                 const Request& request, const Responder& responder, const Listing& list) {
    const Pages pages(context.protector, context.state.stream().id, fields);
    auto work = PageWork::begin(view, pages, request,
                                {.list = list.list,
                                 .make_for = list.make_for,
                                 .more = list.more ? list.more() : PageSource::More(),
                                 .peek_for = list.peek_for});
    if (!answered(responder, work)) context.pages.answer(responder, *std::move(work));
}

void answer_changed(const Context& context, const Fields& fields, const Request& request,
                    const Responder& responder, const Listing& list, bool changed) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    if (!changed) {
        const auto revision = view->revision();
        return responder->send(http::Reply::empty(304).with(
            "X-Revision", state::event_id(context.state.stream().id, revision.value_or(0))));
    }
    answer_page(context, fields, *view, request, responder, list);
}

void answer_list(Context& context, const Fields& fields, const MakeListing& make,
                 const Request& request, const Responder& responder) {
    std::optional<ListFeed::Order> order;
    bool watch = false;
    std::chrono::milliseconds wait{0};
    {
        const auto view = context.state.read();
        if (answered(responder, view)) return;
        auto list = make(*view, request);
        if (answered(responder, list)) return;
        const auto watching = read_watch(request);
        if (answered(responder, watching)) return;
        watch = *watching;
        const std::string* since = watch ? request.header("last-event-id") : nullptr;
        if (!since) since = request.parameter("since");
        if (!watch && !since) {
            return answer_page(context, fields, *view, request, responder, *list);
        }
        const auto waiting = read_wait(request);
        if (answered(responder, waiting)) return;
        wait = *waiting;
        const Pages pages(context.protector, context.state.stream().id, fields);
        auto asked = pages.read(*view, request);
        if (answered(responder, asked)) return;
        list->name = name_of(request, list->list);
        order.emplace(ListFeed::Order{*std::move(list), std::move(asked->filter), std::nullopt});
        if (since) {
            const auto revision = read_since(context, *view, *since);
            if (answered(responder, revision)) return;
            order->since = *revision;
        }
    }
    Result<void> begun;
    if (watch) {
        const auto stream = responder->open_stream();
        if (!stream) return;
        begun = context.lists.follow(stream, *std::move(order));
        if (!begun) stream->close();
        return;
    }
    const Listing list = order->listing;
    begun = context.lists.wait(
        *std::move(order), wait, [&context, &fields, request, responder, list](bool changed) {
            answer_changed(context, fields, request, responder, list, changed);
        });
    if (!begun) responder->send(begun.error());
}

}  // namespace

http::Handler listing(Context& context, const Fields& fields, MakeListing make) {
    return [&context, &fields, make = std::move(make)](const Request& request,
                                                       const Responder& responder) {
        answer_list(context, fields, make, request, responder);
    };
}

std::vector<http::QueryParameter> list_parameters(const Fields& fields,
                                                  std::vector<http::QueryParameter> more) {
    auto all = page_parameters(fields, std::move(more));
    all.push_back({.name = "since",
                   .description = "A list's revision or X-Revision: 304 until something changed."});
    all.push_back({.name = "wait", .description = "With since: how long until the 304, to 10m."});
    all.push_back({.name = "watch",
                   .description = "1: a stream of changes, after since or after what there is.",
                   .schema = json::Object{{"type", "integer"}, {"enum", json::Array{0, 1}}}});
    return all;
}

std::vector<http::Answer> list_answers(std::string description, std::string schema) {
    return {{200, std::move(description), std::move(schema), {"Link", "X-Revision"}},
            {304, "Nothing has changed.", "", {"X-Revision"}}};
}

std::vector<std::string> list_media_types() {
    return {"application/json", "text/event-stream"};
}

std::vector<std::pair<std::string, std::string>> list_events(const std::string& item,
                                                             const std::string& identity) {
    return {{"added", item},
            {"modified", item},
            {"deleted", identity},
            {"bookmark", "Bookmark"},
            {"error", "StreamEnd"}};
}

void touch_resources(const state::StoredEvent& event, const json::Value& data, Touched& touched) {
    const std::string host(event.host);
    const auto touch = [&](const json::Value& about) {
        const wire::Ref ref{about.string_or("collection"), about.string_or("id")};
        if (!state::fits(ref)) return;
        touched.positions.emplace(
            state::Resources::position_of(host, ref),
            json::Object{{"host", host}, {"collection", ref.collection}, {"id", ref.id}});
    };
    if (event.is(state::EventType::host_changed)) {
        touched.beginnings.insert(state::Resources::positions_of(host));
    } else if (event.is(state::EventType::command_changed) && data["resources"].is_array()) {
        for (const json::Value& resource : data["resources"].as_array()) touch(resource);
    } else {
        touch(data);
    }
}

json::Object identity_of_resource(const state::Entry& entry) {
    const wire::Ref ref = state::Resources::ref_of(entry).value_or(wire::Ref{});
    return {
        {"host", state::Resources::host_of(entry)}, {"collection", ref.collection}, {"id", ref.id}};
}

}  // namespace evenkeel::api
