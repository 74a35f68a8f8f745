#include "sdk/client/cli/manifests/plan_request.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::cli {
namespace {

json::Object put_or_delete(const ObjectChange& change) {
    json::Object request{{"method", change.body.is_null() ? "DELETE" : "PUT"},
                         {"path", path_of(change.key)}};
    if (!change.body.is_null()) request.append("body", change.body);
    return request;
}

// The pointer behind its first `count` tokens.
std::string behind(const std::string& pointer, std::size_t count) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < count && at != std::string::npos; ++i) {
        at = pointer.find('/', at + 1);
    }
    return at == std::string::npos ? "" : pointer.substr(at);
}

}  // namespace

PlanRequest::PlanRequest(const Changes& changes) {
    std::map<std::string, std::size_t> scopes;  // where their settings are in parts_
    for (const ObjectChange& change : changes.all) {
        if (change.key.kind != ObjectKind::setting) {
            parts_.push_back({put_or_delete(change), &change});
            continue;
        }
        const auto [scope, key] = parts_of_setting(change.key);
        const auto [found, is_new] = scopes.try_emplace(scope, parts_.size());
        if (is_new) {
            parts_.push_back({json::Object{{"method", "PATCH"},
                                           {"path", "/v1/settings/" + percent_encode(scope)},
                                           {"body", json::Object{}}}});
        }
        Part& part = parts_[found->second];
        part.request.find("body")->as_object().append(key, change.body);
        part.settings.emplace(key, &change);
    }
}

std::string PlanRequest::body(bool live) const {
    json::Array changes;
    for (const Part& part : parts_) changes.emplace_back(part.request);
    json::Object request{{"changes", std::move(changes)}};
    if (live) request.append("live", true);
    return json::write(request);
}

std::string PlanRequest::place_of(const std::string& pointer) const {
    const auto tokens = json::pointer_tokens(pointer);
    if (tokens.size() < 2 || tokens[0] != "changes") return "";
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (tokens[1] != std::to_string(i)) continue;
        const Part& part = parts_[i];
        const std::size_t before = tokens.size() > 2 && tokens[2] == "body" ? 3 : 2;
        const auto setting =
            part.settings.find(tokens.size() > before ? tokens[before] : std::string());
        const ObjectChange* change = setting != part.settings.end() ? setting->second : part.whole;
        if (!change) return part.request.find("path")->as_string();
        if (!change->place.document) return change->key.name;
        return change->place.text(behind(pointer, before + (change == part.whole ? 0 : 1)));
    }
    return "";
}

client::Failure PlanRequest::located(client::Failure failure) const {
    for (client::FieldError& error : failure.errors) {
        const std::string place = place_of(error.pointer);
        if (place.empty()) continue;
        if (failure.detail == error.pointer + ": " + error.detail) {
            failure.detail = place + ": " + error.detail;
        }
        error.pointer = place;
    }
    return failure;
}

}  // namespace evenkeel::cli
