#include "orchestrator/api/model_views.hpp"

#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/model/stored_objects.hpp"
#include "orchestrator/state/list.hpp"

namespace evenkeel::api {
namespace {

json::Value or_null(const std::string& text) {
    return text.empty() ? json::Value() : json::Value(text);
}

json::Value member_or(const json::Value& body, std::string_view name, const json::Value& fallback) {
    const json::Value& member = body[name];
    return member.is_null() ? fallback : member;
}

}  // namespace

json::Object show_environment(const std::string& name, const json::Value& body,
                              std::uint64_t hosts) {
    return {{"name", name},
            {"note", body.string_or("note")},
            {"protected", body.bool_or("protected")},
            {"strategy", nullptr},
            {"source", or_null(body.string_or("source"))},
            {"hosts", hosts}};
}

json::Object show_application(const std::string& name, std::uint32_t version,
                              const json::Value& body) {
    return {{"name", name},
            {"version", std::uint64_t{version}},
            {"note", body.string_or("note")},
            {"parameters", member_or(body, "parameters", json::Object{})},
            {"resources", member_or(body, "resources", json::Array{})},
            {"peers", member_or(body, "peers", json::Object{})}};
}

json::Object show_assignment(const std::string& name, const json::Value& body,
                             json::Object settings) {
    std::vector<model::WrongChange> wrong;
    const auto read = model::read_assignment(name, body, wrong);
    return {{"name", name},
            {"note", body.string_or("note")},
            {"application", read.application},
            {"version", read.version == 0 ? json::Value("latest") : std::uint64_t{read.version}},
            {"environment", or_null(read.environment)},
            {"host", or_null(read.host)},
            {"filter", or_null(read.filter_text)},
            {"settings", std::move(settings)},
            {"policy", read.policy ? json::Value(to_string(*read.policy)) : json::Value()},
            {"enabled", read.is_enabled},
            {"adopt", read.adopts},
            {"on_leave", compile::to_string(read.on_leave)},
            {"source", or_null(body.string_or("source"))}};
}

json::Value redacted(const secrets::Protector& protector, const json::Value& secret) {
    const json::Value shown = protector.redacted(json::Object{{"value", secret}}, nullptr);
    return shown["value"];
}

json::Object show_value(const secrets::Protector& protector, const compile::Setting& setting) {
    json::Value link;
    if (setting.link) {
        link = json::Object{{"scope", compile::text_of(setting.link->scope)},
                            {"key", setting.link->key}};
    }
    return {{"value", setting.is_secret ? redacted(protector, setting.value) : setting.value},
            {"secret", setting.is_secret},
            {"link", std::move(link)},
            {"source", or_null(setting.source)}};
}

json::Object show_setting(const secrets::Protector& protector, const compile::Place& place,
                          const compile::Setting& setting) {
    json::Object shown{{"scope", compile::text_of(place.scope)}, {"key", place.key}};
    for (auto& [name, value] : show_value(protector, setting)) shown.append(name, value);
    return shown;
}

Result<std::optional<KeptSetting>> find_setting(const state::View& view,
                                                const secrets::Protector& protector,
                                                const compile::Place& place) {
    const auto object =
        EK_TRY(view.model_objects().find(state::ModelKind::setting, model::setting_name(place)));
    if (!object) return std::optional<KeptSetting>();
    return KeptSetting{EK_TRY(model::from_stored(place, object->body, protector)),
                       object->revision};
}

std::string names_in(const compile::Scope& scope) {
    return compile::text_of(scope) + " ";
}

Result<json::Object> show_scope(const state::View& view, const secrets::Protector& protector,
                                const compile::Scope& scope) {
    json::Object shown;
    const auto add = [&](const state::Entry& entry) -> Result<void> {
        const compile::Place place =
            EK_TRY(model::read_setting_name(state::ModelObjects::name_of(entry)));
        const auto object = EK_TRY(state::ModelObjects::read(entry));
        const auto setting = EK_TRY(model::from_stored(place, object.body, protector));
        shown.append(place.key, show_value(protector, setting));
        return {};
    };
    Result<void> added;
    const auto list = view.model_objects().list(state::ModelKind::setting, names_in(scope));
    EK_CHECK(list.walk(view, [&](const state::Entry& entry) {
        added = add(entry);
        return added.has_value();
    }));
    EK_CHECK(added);
    return shown;
}

}  // namespace evenkeel::api
