#include "orchestrator/api/model_bodies.hpp"

#include <utility>

#include "core/secrets/redactor.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/state/hosts.hpp"

namespace evenkeel::api {

json::Value merge_patch(json::Value target, const json::Value& patch) {
    if (!patch.is_object()) return patch;
    if (!target.is_object()) target = json::Object{};
    for (const auto& [name, value] : patch.as_object()) {
        json::Object& members = target.as_object();
        if (value.is_null()) {
            members.erase(name);
            continue;
        }
        const json::Value* present = members.find(name);
        members.set(name, merge_patch(present ? *present : json::Value(), value));
    }
    return target;
}

void take_out(json::Value& body, const json::Object& fixed,
              std::initializer_list<std::string_view> shown, Findings& findings) {
    if (!body.is_object()) return;
    for (const auto& [name, value] : fixed) {
        const json::Value* given = body.find(name);
        if (given && !(*given == value)) {
            findings.invalid("/" + name, "is another one than in the URL");
        }
        body.as_object().erase(name);
    }
    for (std::string_view name : shown) body.as_object().erase(name);
}

ApiResult<compile::Scope> find_scope(const state::View& view, std::string_view text) {
    auto scope = compile::read_scope(text);
    if (!scope) return refuse(http::Code::invalid_id, scope.error().what);
    if (scope->kind != compile::ScopeKind::host) return *std::move(scope);
    const auto host = EK_API_TRY(view.hosts().resolve(scope->name));
    if (!host || host->retired()) {
        return refuse(http::Code::not_found, "there is no host of this id or name");
    }
    return compile::Scope::host(host->id);
}

ApiResult<compile::Scope> require_scope(const model::Model& model, const state::View& view,
                                        const http::Request& request) {
    compile::Scope scope = EK_API_TRY(find_scope(view, request.at("scope")));
    const bool is_missing =
        (scope.kind == compile::ScopeKind::environment && !model.environment(scope.name)) ||
        (scope.kind == compile::ScopeKind::assignment && !model.assignment(scope.name));
    if (is_missing) {
        return refuse(http::Code::not_found, "there is no " + compile::text_of(scope));
    }
    return scope;
}

ApiResult<compile::Place> require_place(const model::Model& model, const state::View& view,
                                        const http::Request& request) {
    compile::Place place{EK_API_TRY(require_scope(model, view, request)), request.at("key")};
    const auto read = model::read_setting_name(compile::text_of(place));
    if (!read) return refuse(http::Code::invalid_id, read.error().what);
    return place;
}

void put_host_id(const state::View& view, json::Value& body) {
    if (!body.is_object() || !body["host"].is_string()) return;
    const auto host = view.hosts().resolve(body["host"].as_string());
    if (host && *host) body.as_object().set("host", (*host)->id);
}

void put_host_id_in_link(const state::View& view, json::Value& setting) {
    if (!setting.is_object() || !setting["link"].is_object()) return;
    const auto scope = find_scope(view, setting["link"].string_or("scope"));
    if (!scope) return;
    setting.as_object().find("link")->as_object().set("scope", compile::text_of(*scope));
}

ApiResult<bool> put_kept_secret(const state::View& view, const secrets::Protector& protector,
                                const compile::Place& place, const std::string& pointer,
                                json::Value& setting, Findings& findings) {
    if (!setting.is_object() || !secrets::fingerprint_in(setting["value"])) return false;
    const auto kept = EK_API_TRY(find_setting(view, protector, place));
    const bool is_same = kept && kept->setting.is_secret && setting.bool_or("secret") &&
                         redacted(protector, kept->setting.value) == setting["value"];
    if (is_same) {
        setting.as_object().set("value", kept->setting.value);
    } else {
        findings.invalid(pointer + "/value", std::string(secrets::kNotRestored));
    }
    return is_same;
}

}  // namespace evenkeel::api
