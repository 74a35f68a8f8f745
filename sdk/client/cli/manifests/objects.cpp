#include "sdk/client/cli/manifests/objects.hpp"

#include "core/base/text.hpp"
#include "sdk/client/cli/hosts.hpp"

namespace evenkeel::cli {
namespace {

using Defaults = std::vector<std::pair<const char*, json::Value>>;

const Defaults& defaults_of(ObjectKind kind) {
    static const Defaults kEnvironment = {{"note", ""}, {"protected", false}};
    static const Defaults kSetting = {{"value", nullptr}, {"secret", false}, {"link", nullptr}};
    static const Defaults kApplication = {{"note", ""},
                                          {"parameters", json::Object{}},
                                          {"resources", json::Array{}},
                                          {"peers", json::Object{}}};
    static const Defaults kAssignment = {
        {"note", ""},          {"application", nullptr}, {"version", "latest"},
        {"host", nullptr},     {"environment", nullptr}, {"filter", nullptr},
        {"policy", nullptr},   {"enabled", true},        {"adopt", false},
        {"on_leave", "forget"}};
    switch (kind) {
        case ObjectKind::environment:
            return kEnvironment;
        case ObjectKind::setting:
            return kSetting;
        case ObjectKind::application:
            return kApplication;
        case ObjectKind::assignment:
            break;
    }
    return kAssignment;
}

// The line of the nearest value around the pointer whose line is known.
std::size_t line_of(const Lines& lines, std::string pointer) {
    for (;;) {
        const auto found = lines.find(pointer);
        if (found != lines.end()) return found->second;
        if (pointer.empty()) return 0;
        pointer.resize(pointer.rfind('/'));
    }
}

}  // namespace

ObjectKey setting_key(const std::string& scope, const std::string& key) {
    return {ObjectKind::setting, scope + " " + key};
}

std::pair<std::string, std::string> parts_of_setting(const ObjectKey& key) {
    const std::size_t space = key.name.find(' ');
    return {key.name.substr(0, space), key.name.substr(space + 1)};
}

std::string path_of(const ObjectKey& key) {
    if (key.kind == ObjectKind::setting) {
        const auto [scope, name] = parts_of_setting(key);
        return "/v1/settings/" + percent_encode(scope) + "/" + percent_encode(name);
    }
    return "/v1/" + std::string(to_string(key.kind)) + "s/" + percent_encode(key.name);
}

std::string Place::text(const std::string& below) const {
    const std::string at = pointer + below;
    const std::size_t line = document ? line_of(document->lines, at) : 0;
    return file + (line > 0 ? ":" + std::to_string(line) : "") + (at.empty() ? "" : ": " + at);
}

client::Failure failure_of(Problems problems) {
    client::Failure failure{.kind = client::Kind::local, .code = kMisused};
    failure.detail = problems.size() == 1
                         ? problems.front().pointer + ": " + problems.front().detail
                         : std::to_string(problems.size()) +
                               " things in the manifests are wrong; nothing was sent";
    failure.errors = std::move(problems);
    return failure;
}

json::Object with_defaults(ObjectKind kind, const json::Value& body) {
    json::Object whole = body.is_object() ? body.as_object() : json::Object{};
    for (const auto& [name, value] : defaults_of(kind)) {
        const json::Value* given = whole.find(name);
        const bool is_absent =
            !given || given->is_null() || (value.is_null() && *given == json::Value(""));
        if (is_absent) whole.set(name, value);
    }
    return whole;
}

}  // namespace evenkeel::cli
