#include "orchestrator/api/request_bodies.hpp"

#include "core/wire/fields.hpp"
#include "orchestrator/api/read_body.hpp"
#include "orchestrator/commands/describe.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/state/plan.hpp"

namespace evenkeel {

namespace hosts {
namespace {

struct NewName : json::Codec<std::string> {
    static json::Value encode(const std::optional<std::string>& from) { return from.value_or(""); }
    static json::MaybeWrong decode(const json::Value& from, std::optional<std::string>& into) {
        if (!from.is_string() || !is_name(from.as_string())) {
            return json::wrong(
                "a name has 1 to 128 of [A-Za-z0-9._-], begins with a letter or digit and is not "
                "spelled like an id");
        }
        into = from.as_string();
        return std::nullopt;
    }
};

struct EnvironmentName : json::Codec<std::string> {
    static json::Value encode(const std::optional<std::string>& from) { return from.value_or(""); }
    static json::MaybeWrong decode(const json::Value& from, std::optional<std::string>& into) {
        if (!from.is_string()) return json::wrong("is no name of an environment");
        into = from.as_string();
        return std::nullopt;
    }
};

// Null takes a label away.
struct LabelChanges : json::Codec<json::Value> {
    static json::Value schema() {
        return json::Object{
            {"type", "object"},
            {"additionalProperties", json::or_null(json::Codec<std::string>::schema())}};
    }
};

}  // namespace

constexpr auto fields_of(json::Of<Patch>) {
    return json::shape(json::field_as<NewName>("name", &Patch::name).omissible(),
                       json::field_as<EnvironmentName>("environment", &Patch::environment)
                           .omissible()
                           .says("One that exists, such as prod/eu."),
                       json::field_as<LabelChanges>("labels", &Patch::labels).omissible())
        .called("HostPatch")
        .nothing_else();
}

}  // namespace hosts

namespace commands {

constexpr auto fields_of(json::Of<DescriptionRequest>) {
    using T = DescriptionRequest;
    return json::shape(json::field_as<json::AnObject>("description", &T::description),
                       json::field("policy", &T::policy).defaulted(), json::inlined(&T::relations))
        .called("ResourcePut")
        .nothing_else();
}

}  // namespace commands

namespace api {

// What the system does itself has its name.
struct TokenName : Text<1, 128> {
    static json::MaybeWrong decode(const json::Value& from, std::string& into) {
        if (auto wrong = Text::decode(from, into)) return wrong;
        if (into != state::kSystemAuthor) return std::nullopt;
        return json::wrong("must not be " + std::string(state::kSystemAuthor) +
                           ", which is the system's own name");
    }
};
constexpr auto fields_of(json::Of<TokenRequest>) {
    using T = TokenRequest;
    return json::shape(json::field_as<TokenName>("name", &T::name),
                       json::field("role", &T::role)
                           .refused_as("must be viewer, operator, approver or admin"),
                       json::field_as<Lifetime<3650>>("expires_in", &T::lifetime).defaulted())
        .called("TokenPost")
        .nothing_else();
}

struct ActionName : Text<1, 64> {
    static json::Value schema() { return json::Codec<std::string>::schema(); }
};
constexpr auto fields_of(json::Of<ActionRequest>) {
    using T = ActionRequest;
    return json::shape(json::field_as<ActionName>("action", &T::action)
                           .refused_as("must be an action's name"),
                       json::field_as<json::AnObject>("arguments", &T::arguments)
                           .optional()
                           .unpromised()
                           .refused_as("must be an object"))
        .called("Action")
        .nothing_else();
}

constexpr auto fields_of(json::Of<RollbackRequest>) {
    return json::shape(json::field("revision", &RollbackRequest::revision)
                           .refused_as("must be the revision of a generation"))
        .called("Rollback")
        .nothing_else();
}

constexpr auto fields_of(json::Of<TargetRequest>) {
    using T = TargetRequest;
    return json::shape(json::field("filter", &T::filter).defaulted(),
                       json::field("hosts", &T::hosts).defaulted())
        .called("Target")
        .nothing_else();
}

namespace {

struct FileEntry {
    wire::Ref ref;
    commands::DescriptionRequest description;
};
constexpr auto fields_of(json::Of<FileEntry>) {
    return json::shape(json::inlined(&FileEntry::ref), json::inlined(&FileEntry::description))
        .nothing_else();
}

struct File {
    std::vector<FileEntry> resources;
};
constexpr auto fields_of(json::Of<File>) {
    return json::shape(json::field("resources", &File::resources)).called("File").nothing_else();
}

struct FleetApplyBody {
    TargetRequest target;
    std::vector<FileEntry> resources;
};
constexpr auto fields_of(json::Of<FleetApplyBody>) {
    return json::shape(json::field("target", &FleetApplyBody::target),
                       json::field("resources", &FleetApplyBody::resources))
        .called("FleetApply")
        .nothing_else();
}

}  // namespace

ApiResult<hosts::Patch> read_host_patch(const json::Value& body) {
    return read_body<hosts::Patch>(body, true);
}

ApiResult<TokenRequest> read_token_request(const json::Value& body) {
    return read_body<TokenRequest>(body);
}

ApiResult<ActionRequest> read_action_request(const json::Value& body) {
    return read_body<ActionRequest>(body);
}

ApiResult<RollbackRequest> read_rollback_request(const json::Value& body) {
    return read_body<RollbackRequest>(body);
}

ApiResult<TargetRequest> read_target_request(const json::Value& body) {
    auto read = read_body<TargetRequest>(body);
    if (!read) {
        for (http::FieldError& error : read.error().errors)
            error.pointer = "/target" + error.pointer;
        return read;
    }
    if (read->filter.empty() != read->hosts.empty()) return read;
    Findings findings;
    findings.invalid("/target", "must have either a filter or hosts");
    return refuse(findings.problem());
}

const json::Value& put_schema() {
    static const json::Value kSchema = json::shape_schema<commands::DescriptionRequest>();
    return kSchema;
}

const json::Value& file_schema() {
    static const json::Value kSchema = json::shape_schema<File>();
    return kSchema;
}

const json::Value& fleet_apply_schema() {
    static const json::Value kSchema = [] {
        json::Value schema = json::shape_schema<FleetApplyBody>();
        json::at_pointer(schema, "/properties/resources")
            ->as_object()
            .set("maxItems", kFleetResourcesMost);
        return schema;
    }();
    return kSchema;
}

json::Object request_schemas() {
    json::Object all{{"ResourcePut", put_schema()},
                     {"File", file_schema()},
                     {"FleetApply", fleet_apply_schema()}};
    add_schema<TargetRequest>(all);
    add_schema<hosts::Patch>(all);
    add_schema<TokenRequest>(all);
    add_schema<ActionRequest>(all);
    add_schema<RollbackRequest>(all);
    return all;
}

}  // namespace api
}  // namespace evenkeel
