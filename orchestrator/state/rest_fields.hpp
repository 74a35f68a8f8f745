#pragma once

#include "core/crypto/record_chain.hpp"
#include "core/json/shape.hpp"
#include "core/wire/fields.hpp"
#include "orchestrator/state/rest_objects.hpp"

// The tables of fields of what REST and events show: each gives the JSON of an object of
// rest_objects.hpp and its schema in the OpenAPI document. For the .cpp files that encode; see
// core/json/shape.hpp.
namespace evenkeel {

namespace crypto {

constexpr auto fields_of(json::Of<ChainEnd>) {
    return json::shape(json::field("seq", &ChainEnd::seq), json::field("hash", &ChainEnd::hash))
        .called("AuditEnd");
}

}  // namespace crypto

namespace state {

constexpr auto fields_of(json::Of<Actor>) {
    return json::shape(json::field("id", &Actor::id), json::field("name", &Actor::name),
                       json::field("role", &Actor::role))
        .promising_nothing();
}

constexpr auto fields_of(json::Of<ComplianceCounts>) {
    using T = ComplianceCounts;
    return json::shape(json::field("compliant", &T::compliant), json::field("drifted", &T::drifted),
                       json::field("unknown", &T::unknown), json::field("failed", &T::failed))
        .called("Counts");
}

namespace rest {

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

// Names, or null.
struct NamesOrNull : json::Codec<json::Value> {
    static json::Value schema() {
        return json::Object{{"type", json::Array{"array", "null"}},
                            {"items", json::Codec<std::string>::schema()}};
    }
};

// A time or a number, or null.
struct TimeOrNumber : json::Codec<json::Value> {
    static json::MaybeWrong decode(const json::Value& from, json::Value& into) {
        into = from;
        if (from.is_string() || from.is_integer() || from.is_null()) return std::nullopt;
        return json::wrong("is neither a time nor a whole number");
    }
    static json::Value schema() {
        return json::Object{{"type", json::Array{"string", "integer", "null"}}};
    }
};

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

constexpr auto fields_of(json::Of<ComplianceView>) {
    return json::shape(inlined(&ComplianceView::now),
                       field_as<LastVerdict>("last", &ComplianceView::last)
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
                       field_as<NullToo<ComplianceView>>("compliance", &T::compliance))
        .called("Resource");
}

constexpr auto fields_of(json::Of<ComplianceEntry>) {
    using T = ComplianceEntry;
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

constexpr auto fields_of(json::Of<Collection>) {
    using T = Collection;
    return json::shape(field("host", &T::host), field("collection", &T::name),
                       field("plugin", &T::plugin),
                       field_as<json::Whole<0, UINT32_MAX>>("schema_version", &T::schema_version),
                       field("schema_sha256", &T::schema_sha256).unpromised(),
                       field_as<NamesOrNull>("actions", &T::actions).unpromised(),
                       field("schema", &T::schema)
                           .optional()
                           .written_if([](const T& from) { return from.has_schema; })
                           .says("The JSON Schema; null while it has not come. Not in lists."))
        .called("Collection");
}

constexpr auto fields_of(json::Of<Token>) {
    using T = Token;
    return json::shape(field("id", &T::id), field("name", &T::name), field("role", &T::role),
                       field("state", &T::state), field("created_at", &T::created_at),
                       field("created_by", &T::created_by),
                       field_as<TextOrNull>("expires_at", &T::expires_at),
                       field_as<TextOrNull>("revoked_at", &T::revoked_at))
        .called("Token");
}
constexpr auto fields_of(json::Of<TokenMade>) {
    return json::shape(json::extended(&TokenMade::token), field("secret", &TokenMade::secret))
        .called("TokenMade");
}

constexpr auto fields_of(json::Of<EnrolmentToken>) {
    using T = EnrolmentToken;
    return json::shape(field("id", &T::id), field("name", &T::name), field("uses", &T::uses),
                       field("uses_left", &T::uses_left), field("expires_at", &T::expires_at),
                       field("created_at", &T::created_at).unpromised(),
                       field_as<AnObject>("labels", &T::labels).unpromised())
        .called("EnrolmentToken");
}
constexpr auto fields_of(json::Of<EnrolmentTokenMade>) {
    using T = EnrolmentTokenMade;
    return json::shape(json::extended(&T::token), field("secret", &T::secret),
                       field("install", &T::install))
        .called("EnrolmentTokenMade");
}

constexpr auto fields_of(json::Of<AuditRecord>) {
    using T = AuditRecord;
    constexpr auto chained = [](const T& from) { return from.seq != 0; };
    return json::shape(field("time", &T::time), field("actor", &T::actor),
                       field("address", &T::address), field("request_id", &T::request_id),
                       field("method", &T::method), field("route", &T::route),
                       field("object", &T::object), field("outcome", &T::outcome),
                       field_as<AnObject>("detail", &T::detail), field("revision", &T::revision),
                       field("seq", &T::seq).optional().written_if(chained),
                       field("previous", &T::previous).optional().written_if(chained),
                       field("hash", &T::hash).optional().written_if(chained),
                       field("damaged", &T::damaged)
                           .optional()
                           .written_if([](const T& from) { return !from.damaged.empty(); })
                           .says("A record that does not read any more."))
        .called("AuditRecord")
        .promising_nothing();
}

constexpr auto fields_of(json::Of<Identity>) {
    return json::shape(field("id", &Identity::id))
        .called("Identity", "Which item of a list is not in it any more.")
        .nothing_else();
}
constexpr auto fields_of(json::Of<CollectionIdentity>) {
    return json::shape(field("host", &CollectionIdentity::host),
                       field("collection", &CollectionIdentity::collection))
        .called("CollectionIdentity")
        .nothing_else();
}
constexpr auto fields_of(json::Of<ResourceIdentity>) {
    return json::shape(field("host", &ResourceIdentity::host), inlined(&ResourceIdentity::ref))
        .called("ResourceIdentity")
        .nothing_else();
}

constexpr auto fields_of(json::Of<Bookmark>) {
    return json::shape(field("revision", &Bookmark::revision),
                       field("initial_end", &Bookmark::initial_end))
        .called("Bookmark", "Everything up to this revision is told; its id is where to go on.")
        .nothing_else();
}

constexpr auto fields_of(json::Of<NotifiedEvent>) {
    using T = NotifiedEvent;
    return json::shape(field("host", &T::host), inlined(&T::ref), field("action", &T::action),
                       field("sources", &T::sources), field("error", &T::error));
}

constexpr auto fields_of(json::Of<ProgressEvent>) {
    using T = ProgressEvent;
    return json::shape(field("host", &T::host), field("command", &T::command), inlined(&T::ref),
                       field("permille", &T::permille), field("message", &T::message));
}

// The host is known from the link; its agent need not name it.
constexpr auto fields_of(json::Of<AgentEvent>) {
    using T = AgentEvent;
    return json::shape(field("host", &T::host).lenient(), field_as<TimeOrNumber>("from", &T::from),
                       field_as<TimeOrNumber>("to", &T::to), field("count", &T::count),
                       field("reason", &T::reason));
}

}  // namespace rest
}  // namespace state
}  // namespace evenkeel
