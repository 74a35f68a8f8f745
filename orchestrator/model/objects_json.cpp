#include "orchestrator/model/objects_json.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace evenkeel::model {
namespace {

constexpr std::size_t kNoteBytesMost = 4096;
constexpr std::size_t kValueBytesMost = 64 << 10;

// One object's body.
class Body {
  public:
    Body(const json::Value& body, std::vector<WrongChange>& wrong) : body_(body), wrong_(wrong) {}

    void invalid(std::string pointer, std::string detail) {
        add(std::move(pointer), "invalid", std::move(detail));
    }
    void add(std::string pointer, std::string code, std::string detail) {
        wrong_.push_back(
            {.pointer = std::move(pointer), .code = std::move(code), .detail = std::move(detail)});
    }

    bool only(const std::vector<std::string_view>& names) {
        if (!body_.is_object()) {
            invalid("", "must be an object");
            return false;
        }
        std::string known;
        for (std::string_view name : names) known.append(known.empty() ? "" : ", ").append(name);
        for (const auto& [name, member] : body_.as_object()) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            add(json::pointer("", name), "unknown-field", "there are " + known);
        }
        return true;
    }

    // Null and missing are the fallback.
    std::string text(const std::string& name) {
        const json::Value& member = body_[name];
        if (member.is_string()) return member.as_string();
        if (!member.is_null()) invalid("/" + name, "must be text");
        return "";
    }
    bool flag(const std::string& name, bool fallback) {
        const json::Value& member = body_[name];
        if (member.is_bool()) return member.as_bool();
        if (!member.is_null()) invalid("/" + name, "must be true or false");
        return fallback;
    }
    template <typename Enum>
    std::optional<Enum> word(const std::string& name) {
        const std::string given = text(name);
        if (given.empty()) return std::nullopt;
        auto found = from_string<Enum>(given);
        if (found) return *found;
        invalid("/" + name, found.error().what);
        return std::nullopt;
    }
    std::string note() {
        std::string given = text("note");
        if (given.size() > kNoteBytesMost) invalid("/note", "must be at most 4096 bytes");
        return given;
    }
    std::string source() {
        std::string given = text("source");
        if (!given.empty() && !compile::is_name(given)) {
            invalid("/source", "must be [a-z0-9][a-z0-9._-]{0,62}");
        }
        return given;
    }
    const json::Value& operator[](std::string_view name) const { return body_[name]; }

  private:
    const json::Value& body_;
    std::vector<WrongChange>& wrong_;
};

std::uint32_t read_version(Body& body) {
    const json::Value& version = body["version"];
    if (version.is_null() || version == json::Value("latest")) return 0;
    if (version.is_integer() && version.as_integer() > 0 && version.as_integer() <= UINT32_MAX) {
        return static_cast<std::uint32_t>(version.as_integer());
    }
    body.invalid("/version", "must be \"latest\" or the number of a version");
    return 0;
}

std::optional<compile::Link> read_link(Body& body) {
    const json::Value& link = body["link"];
    if (link.is_null()) return std::nullopt;
    if (!link.is_object() || !link["scope"].is_string() || !link["key"].is_string()) {
        body.invalid("/link", "must be {\"scope\",\"key\"}");
        return std::nullopt;
    }
    auto scope = compile::read_scope(link.string_or("scope"));
    const std::string key = link.string_or("key");
    if (!scope) body.invalid("/link/scope", scope.error().what);
    if (!compile::is_setting_key(key)) body.invalid("/link/key", "is no key of a setting");
    if (!scope) return std::nullopt;
    return compile::Link{*std::move(scope), key};
}

}  // namespace

compile::Environment read_environment(const std::string& name, const json::Value& body,
                                      std::vector<WrongChange>& wrong) {
    Body given(body, wrong);
    compile::Environment environment{.name = name};
    if (!given.only({"note", "protected", "source"})) return environment;
    environment.note = given.note();
    environment.source = given.source();
    environment.is_protected = given.flag("protected", false);
    return environment;
}

compile::Setting read_setting(const json::Value& body, std::vector<WrongChange>& wrong) {
    Body given(body, wrong);
    compile::Setting setting;
    if (!given.only({"value", "secret", "link", "source"})) return setting;
    setting.value = given["value"];
    setting.is_secret = given.flag("secret", false);
    setting.link = read_link(given);
    setting.source = given.source();
    if (setting.value.is_null() && given["link"].is_null()) {
        given.invalid("/value", "must be there and not null, unless there is a link");
    }
    if (json::write(setting.value).size() > kValueBytesMost) {
        given.add("/value", "too-large", "must be at most 64 KiB of JSON");
    }
    return setting;
}

compile::Assignment read_assignment(const std::string& name, const json::Value& body,
                                    std::vector<WrongChange>& wrong) {
    Body given(body, wrong);
    compile::Assignment assignment;
    assignment.name = name;
    if (!given.only({"application", "version", "environment", "host", "filter", "settings",
                     "policy", "enabled", "adopt", "on_leave", "note", "source"})) {
        return assignment;
    }
    assignment.application = given.text("application");
    if (assignment.application.empty()) given.invalid("/application", "must name an application");
    assignment.version = read_version(given);
    assignment.environment = given.text("environment");
    assignment.host = given.text("host");
    if (!assignment.host.empty() && !assignment.environment.empty()) {
        given.invalid("/host", "must not be there beside an environment");
    }
    assignment.filter_text = given.text("filter");
    if (!given["filter"].is_null()) {
        auto filter = filter::Filter::read(assignment.filter_text, compile::host_filter_fields());
        if (filter) {
            assignment.filter = *std::move(filter);
        } else {
            given.add("/filter", "bad-filter", filter.error().sentence());
        }
    }
    assignment.policy = given.word<wire::Policy>("policy");
    assignment.is_enabled = given.flag("enabled", true);
    assignment.adopts = given.flag("adopt", false);
    assignment.on_leave =
        given.word<compile::OnLeave>("on_leave").value_or(compile::OnLeave::forget);
    assignment.note = given.note();
    assignment.source = given.source();
    return assignment;
}

std::string take_source(json::Value& body, std::vector<WrongChange>& wrong) {
    if (!body.is_object()) return "";
    std::string source = Body(body, wrong).source();
    body.as_object().erase("source");
    return source;
}

std::string setting_name(const compile::Place& place) {
    return compile::text_of(place);
}

Result<compile::Place> read_setting_name(std::string_view name) {
    const std::size_t space = name.rfind(' ');
    if (space == std::string_view::npos) return fail(Errc::invalid, "must be a scope and a key");
    compile::Place place{EK_TRY(compile::read_scope(name.substr(0, space))),
                         std::string(name.substr(space + 1))};
    if (!compile::is_setting_key(place.key)) {
        return fail(Errc::invalid,
                    "must have a key of [a-z_][a-z0-9_]{0,63}, alone or behind "
                    "APPLICATION:, and none of host, environment, application, "
                    "peers, item, key, root");
    }
    return place;
}

}  // namespace evenkeel::model
