#include "orchestrator/state/rest_shapes.hpp"

#include "core/json/shape.hpp"
#include "core/wire/fields.hpp"

namespace evenkeel::state {

constexpr auto fields_of(json::Of<ComplianceCounts>) {
    using T = ComplianceCounts;
    return json::shape(json::field("compliant", &T::compliant), json::field("drifted", &T::drifted),
                       json::field("unknown", &T::unknown), json::field("failed", &T::failed))
        .called("Counts");
}

namespace rest {
namespace {

using json::AnObject;
using json::field;
using json::field_as;
using json::inlined;
using json::ObjectOrNull;
using json::TextOrNull;
using wire::GenerationOrNull;

// Null, where the schema of the object itself says that it may be.
template <typename T>
struct NullToo : json::Codec<std::optional<T>> {
    static json::Value schema() { return json::Codec<T>::schema(); }
};

// Like a Compliance without "last"; the schema leaves it open.
struct LastVerdict : json::Codec<std::optional<wire::Compliance>> {
    static json::Value schema() { return json::Object{}; }
};

// The CloudEvent that carries `data`.
json::Value event_with(json::Value data) {
    data.as_object().erase("type");  // it is the Event's
    return json::Object{{"allOf", json::Array{json::reference_to("Event")}},
                        {"required", json::Array{"id"}},
                        {"properties", json::Object{{"data", std::move(data)}}}};
}

}  // namespace

constexpr auto fields_of(json::Of<Host>) {
    return json::shape(field("id", &Host::id), field("name", &Host::name),
                       field("enrolment", &Host::enrolment), field("connection", &Host::connection),
                       field_as<TextOrNull>("last_seen", &Host::last_seen).unpromised(),
                       field_as<TextOrNull>("version", &Host::version).unpromised(),
                       field_as<json::Labels>("labels", &Host::labels).unpromised(),
                       field_as<AnObject>("facts", &Host::facts).unpromised(),
                       field("compliance", &Host::compliance))
        .called("Host");
}

constexpr auto fields_of(json::Of<CommandResource>) {
    using T = CommandResource;
    return json::shape(inlined(&T::ref), field_as<GenerationOrNull>("generation", &T::generation),
                       field("outcome", &T::outcome), field("changes", &T::changes),
                       field("error", &T::error),
                       field("action", &T::action)
                           .optional()
                           .written_if([](const T& from) { return !from.action.empty(); })
                           .says("Of :invoke, or what a change made due."))
        .promising_nothing();
}

constexpr auto fields_of(json::Of<Command>) {
    using T = Command;
    return json::shape(field_as<TextOrNull>("id", &T::id).says("null for a dry run"),
                       field("host", &T::host), field("verb", &T::verb), field("state", &T::state),
                       field_as<TextOrNull>("created_at", &T::created_at),
                       field_as<TextOrNull>("finished_at", &T::finished_at),
                       field_as<TextOrNull>("request_id", &T::request_id),
                       field("error", &T::error), field("resources", &T::resources))
        .called("Command");
}

constexpr auto fields_of(json::Of<Compliance>) {
    return json::shape(inlined(&Compliance::now),
                       field_as<LastVerdict>("last", &Compliance::last)
                           .says("The verdict before host_offline, else null."))
        .called("Compliance")
        .null_too()
        .promising_nothing();
}

constexpr auto fields_of(json::Of<Resource>) {
    using T = Resource;
    constexpr auto described = [](const T& from) { return from.policy.has_value(); };
    return json::shape(field("host", &T::host), inlined(&T::ref),
                       field_as<ObjectOrNull>("description", &T::description),
                       field("policy", &T::policy),
                       field("requires", &T::required).optional().written_if(described),
                       field("notifies", &T::notified).optional().written_if(described),
                       field("origin", &T::origin),
                       field_as<GenerationOrNull>("generation", &T::generation),
                       field_as<ObjectOrNull>("state", &T::state),
                       field_as<TextOrNull>("observed_at", &T::observed_at),
                       field_as<NullToo<Compliance>>("compliance", &T::compliance))
        .called("Resource");
}

constexpr auto fields_of(json::Of<Verdict>) {
    using T = Verdict;
    return json::shape(field("host", &T::host), inlined(&T::ref), field("policy", &T::policy),
                       field("origin", &T::origin),
                       field_as<GenerationOrNull>("generation", &T::generation),
                       field("compliance", &T::compliance))
        .called("Verdict");
}

constexpr auto fields_of(json::Of<Enrolment>) {
    using T = Enrolment;
    return json::shape(field("id", &T::id), field_as<TextOrNull>("host", &T::host),
                       field("state", &T::state), field("name", &T::name),
                       field("fingerprint", &T::fingerprint),
                       field_as<TextOrNull>("machine_id", &T::machine_id).unpromised(),
                       field_as<TextOrNull>("version", &T::version).unpromised(),
                       field_as<TextOrNull>("address", &T::address).unpromised(),
                       field_as<AnObject>("facts", &T::facts),
                       field("announced_at", &T::announced_at))
        .called("Enrolment");
}

constexpr auto fields_of(json::Of<ResourceEvent>) {
    using T = ResourceEvent;
    return json::shape(field("host", &T::host), inlined(&T::ref), field("policy", &T::policy),
                       field_as<GenerationOrNull>("generation", &T::generation),
                       field("compliance", &T::compliance), field("changes", &T::changes));
}

constexpr auto fields_of(json::Of<DescriptionEvent>) {
    using T = DescriptionEvent;
    return json::shape(field("host", &T::host), inlined(&T::ref),
                       field_as<GenerationOrNull>("generation", &T::generation),
                       field("origin", &T::origin), field("reason", &T::reason));
}

json::Value encode(const Host& host) {
    return json::encode_shape(host);
}
json::Value encode(const Command& command) {
    return json::encode_shape(command);
}
json::Value encode(const Compliance& compliance) {
    return json::encode_shape(compliance);
}
json::Value encode(const Resource& resource) {
    return json::encode_shape(resource);
}
json::Value encode(const Verdict& verdict) {
    return json::encode_shape(verdict);
}
json::Value encode(const Enrolment& enrolment) {
    return json::encode_shape(enrolment);
}
json::Value encode(const ResourceEvent& event) {
    return json::encode_shape(event);
}
json::Value encode(const DescriptionEvent& event) {
    return json::encode_shape(event);
}

Result<Host> decode_host(const json::Value& value) {
    return json::decode<Host>(value);
}
Result<Command> decode_command(const json::Value& value) {
    return json::decode<Command>(value);
}
Result<Compliance> decode_compliance(const json::Value& value) {
    return json::decode<Compliance>(value);
}
Result<Resource> decode_resource(const json::Value& value) {
    return json::decode<Resource>(value);
}
Result<Verdict> decode_verdict(const json::Value& value) {
    return json::decode<Verdict>(value);
}
Result<Enrolment> decode_enrolment(const json::Value& value) {
    return json::decode<Enrolment>(value);
}
Result<ResourceEvent> decode_resource_event(const json::Value& value) {
    return json::decode<ResourceEvent>(value);
}
Result<DescriptionEvent> decode_description_event(const json::Value& value) {
    return json::decode<DescriptionEvent>(value);
}

json::Object schemas() {
    return json::Object{{"Error", json::shape_schema<Error>()},
                        {"Generation", json::shape_schema<wire::Generation>()},
                        {"Counts", json::shape_schema<ComplianceCounts>()},
                        {"Compliance", json::shape_schema<Compliance>()},
                        {"Change", json::shape_schema<wire::Change>()},
                        {"Host", json::shape_schema<Host>()},
                        {"Ref", json::shape_schema<wire::Ref>()},
                        {"Notice", json::shape_schema<wire::Notification>()},
                        {"Resource", json::shape_schema<Resource>()},
                        {"Command", json::shape_schema<Command>()},
                        {"Verdict", json::shape_schema<Verdict>()},
                        {"Enrolment", json::shape_schema<Enrolment>()},
                        {"ResourceEvent", event_with(json::shape_schema<ResourceEvent>())},
                        {"DescriptionEvent", event_with(json::shape_schema<DescriptionEvent>())}};
}

}  // namespace rest
}  // namespace evenkeel::state
