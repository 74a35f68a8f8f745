#include "orchestrator/api/model_lists.hpp"

#include <utility>

namespace evenkeel::api {
namespace {

using state::EventType;
using state::ModelKind;
using state::ModelObjects;

EventType event_of(ModelKind kind) {
    switch (kind) {
        case ModelKind::environment:
            return EventType::environment_changed;
        case ModelKind::setting:
            return EventType::setting_changed;
        case ModelKind::application:
            return EventType::application_changed;
        case ModelKind::assignment:
            break;
    }
    return EventType::assignment_changed;
}

// A setting is named by scope and key, "global port".
json::Object identity_of(ModelKind kind, const std::string& name) {
    if (kind != ModelKind::setting) return {{"name", name}};
    const std::size_t space = name.rfind(' ');
    return {{"scope", name.substr(0, space)}, {"key", name.substr(space + 1)}};
}

void touch(ModelKind kind, const std::string& name, Touched& touched) {
    touched.positions.emplace(ModelObjects::position_of(kind, name), identity_of(kind, name));
}

void touch_objects(ModelKind kind, const state::StoredEvent& event, const json::Value& data,
                   Touched& touched) {
    const std::string name = data.string_or("name");
    if (event.is(event_of(kind))) touch(kind, name, touched);
    // Its settings are shown as a part of an assignment.
    constexpr std::string_view kAssignment = "assignment:";
    if (kind == ModelKind::assignment && event.is(EventType::setting_changed) &&
        name.starts_with(kAssignment)) {
        touch(kind, name.substr(kAssignment.size(), name.rfind(' ') - kAssignment.size()), touched);
    }
    // Any environment may have another number of hosts.
    if (kind == ModelKind::environment && event.is(EventType::host_changed)) {
        touched.beginnings.insert(ModelObjects::position_of(kind, ""));
    }
}

}  // namespace

Listing list_objects(const state::View& view, ModelKind kind, ShowObject show,
                     std::string_view prefix) {
    return {.list = view.model_objects().list(kind, prefix),
            .make_for = [show = std::move(show)](const state::View& now) -> PageSource::Make {
                return [&now,
                        show](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
                    const auto object = EK_API_TRY(ModelObjects::read(entry));
                    json::Object shown = EK_API_TRY(
                        show(now, std::string(ModelObjects::name_of(entry)), object.body));
                    shown.set("revision", object.revision);
                    return json::Value(std::move(shown));
                };
            },
            .identity =
                [kind](const state::Entry& entry) {
                    return identity_of(kind, std::string(ModelObjects::name_of(entry)));
                },
            .touch = [kind](const state::StoredEvent& event, const json::Value& data,
                            Touched& touched) { touch_objects(kind, event, data, touched); }};
}

http::Route list_route(Context& context, std::string path, const Fields& fields, MakeListing make,
                       const std::string& item, const std::string& identity) {
    http::Route route;
    route.method = "GET";
    route.path = std::move(path);
    route.query = list_parameters(fields);
    route.headers = {"Last-Event-ID"};
    route.answers = list_answers("A page of them.", item + "List");
    route.handler = listing(context, fields, std::move(make));
    route.produces = list_media_types();
    route.events = list_events(item, identity);
    return route;
}

}  // namespace evenkeel::api
