#include <set>
#include <utility>

#include "orchestrator/api/context.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/planner.hpp"

// /v1/hosts/{h}/settings: which value each key has for one host, and what it outweighs.
namespace evenkeel::api {
namespace {

using http::Request;

class EffectiveSettings {
  public:
    // All outlive it. Without an assignment: for whatever is assigned.
    EffectiveSettings(const model::Model& model, const secrets::Protector& protector,
                      const compile::Host& host, const compile::Assignment* assignment)
        : model_(model), protector_(protector), subject_{&host, assignment} {
        if (assignment) {
            application_ = model.application(assignment->application, assignment->version);
        }
    }

    json::Array items() const {
        json::Array items;
        for (const std::string& key : keys()) {
            if (auto item = show(key)) items.emplace_back(*std::move(item));
        }
        return items;
    }

  private:
    // Those that have a value at some place, or a default.
    std::set<std::string> keys() const {
        std::set<std::string> keys;
        for (const compile::Place& place : compile::places_of(subject_, "")) {
            const model::ScopeSettings* settings = model_.settings(place.scope);
            if (!settings) continue;
            for (const auto& [key, setting] : *settings) add_key(key, keys);
        }
        if (application_) {
            for (const compile::Parameter& parameter : application_->parameters) {
                keys.insert(parameter.key);
            }
        }
        return keys;
    }

    // A key of one application is for its assignments the plain one.
    void add_key(const std::string& key, std::set<std::string>& keys) const {
        const std::size_t colon = key.find(':');
        if (colon == std::string::npos || !subject_.assignment) {
            keys.insert(key);
        } else if (key.substr(0, colon) == subject_.assignment->application) {
            keys.insert(key.substr(colon + 1));
        }
    }

    std::optional<json::Object> show(const std::string& key) const {
        const auto find = [this](const compile::Place& place) { return model_.setting(place); };
        const auto found = compile::find_effective(find, subject_, key, rule_of(key));
        if (!found) {
            return json::Object{{"key", key},
                                {"value", nullptr},
                                {"from", nullptr},
                                {"overrides", json::Array{}},
                                {"error", found.error().what}};
        }
        if (!*found) return std::nullopt;
        json::Array overrides;
        for (const compile::Override& one : (*found)->overrides) {
            overrides.emplace_back(json::Object{{"scope", compile::text_of(one.place.scope)},
                                                {"value", shown_value(*one.value, one.is_secret)}});
        }
        const auto& from = (*found)->from;
        return json::Object{{"key", key},
                            {"value", shown_value((*found)->value, (*found)->is_secret)},
                            {"from", from ? compile::text_of(from->scope) : "default"},
                            {"overrides", std::move(overrides)}};
    }

    compile::ParameterRule rule_of(const std::string& key) const {
        return application_ ? application_->rule_of(key) : compile::ParameterRule{};
    }

    json::Value shown_value(const json::Value& value, bool is_secret) const {
        return is_secret ? redacted(protector_, value) : value;
    }

    const model::Model& model_;
    const secrets::Protector& protector_;
    compile::Subject subject_;
    const compile::Application* application_ = nullptr;
};

ReplyResult get_effective(const Context& context, const state::View& view, const Request& request) {
    const state::Host host = EK_API_TRY(require_host(view, request));
    const auto model = context.planner.model();
    const compile::Assignment* assignment = nullptr;
    if (const std::string* name = request.parameter("assignment")) {
        assignment = model->assignment(*name);
        if (!assignment) {
            return refuse(http::Code::not_found, "there is no assignment of this name");
        }
    }
    const compile::Host subject{.id = host.id, .name = host.name, .environment = host.environment};
    const EffectiveSettings settings(*model, context.protector, subject, assignment);
    return http::Reply::json(200, json::Object{{"items", settings.items()}});
}

}  // namespace

void add_host_settings(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(
        {.method = "GET",
         .path = "/v1/hosts/{h}/settings",
         .permission = "settings.read",
         .tag = "settings",
         .summary = "Which value each key has for a host, where it is from and what it outweighs",
         .query = {{.name = "assignment",
                    .description = "As its application sees them, with what is for it alone."}},
         .answers = {{200, "By key; secrets are redacted.", "EffectiveSettings"}},
         .handler = reading(context.state, [&](const auto& view, const auto& request) {
             return get_effective(context, view, request);
         })});
}

}  // namespace evenkeel::api
