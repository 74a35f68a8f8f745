#pragma once

#include "core/base/time.hpp"
#include "core/crypto/record_chain.hpp"
#include "core/json/shape.hpp"
#include "core/wire/fields.hpp"
#include "orchestrator/state/command.hpp"
#include "orchestrator/state/plan.hpp"
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

// Names, or null.
struct NamesOrNull : json::Codec<json::Value> {
    static json::Value schema() {
        return json::Object{{"type", json::Array{"array", "null"}},
                            {"items", json::Codec<std::string>::schema()}};
    }
};

// A time in milliseconds; 0, or null, is none.
struct TimeOrNull : json::TextOrNull {
    static json::Value encode(std::int64_t ms) {
        return ms == 0 ? json::Value() : json::Value(to_rfc3339(ms));
    }
};
struct Time : json::Codec<std::string> {
    static json::Value encode(std::int64_t ms) { return to_rfc3339(ms); }
};

constexpr auto fields_of(json::Of<Host>) {
    using T = Host;
    return json::shape(json::field("id", &T::id), json::field("name", &T::name),
                       json::field("enrolment", &T::enrolment),
                       json::field("environment", &T::environment),
                       json::field("connection", &T::connection),
                       json::field_as<json::TextOrNull>("last_seen", &T::last_seen).unpromised(),
                       json::field_as<json::TextOrNull>("version", &T::version).unpromised(),
                       json::field_as<json::Labels>("labels", &T::labels).unpromised(),
                       json::field_as<json::AnObject>("facts", &T::facts).unpromised());
}

constexpr auto fields_of(json::Of<CommandEntry>) {
    using T = CommandEntry;
    return json::shape(json::inlined(&T::ref),
                       json::field_as<wire::GenerationOrNull>("generation", &T::generation),
                       json::field("outcome", &T::outcome), json::field("changes", &T::changes),
                       json::field("error", &T::error),
                       json::field("action", &T::action)
                           .optional()
                           .written_if([](const T& from) { return !from.action.empty(); })
                           .says("Of :invoke, or what a change made due."),
                       json::field("notes", &T::notes)
                           .optional()
                           .written_if([](const T& from) { return !from.notes.empty(); })
                           .says("Warnings of the plugin: what is possible, but worth knowing."),
                       json::field("output", &T::output)
                           .optional()
                           .written_if([](const T& from) { return from.output.has_value(); })
                           .says("What programs have printed; not in lists and events."))
        .promising_nothing();
}

constexpr auto fields_of(json::Of<Command>) {
    using T = Command;
    using json::TextOrNull;
    return json::shape(json::field_as<TextOrNull>("id", &T::id).says("null for a dry run"),
                       json::field("host", &T::host), json::field("verb", &T::verb),
                       json::field("state", &T::state),
                       json::field_as<TextOrNull>("created_at", &T::created_at),
                       json::field_as<TextOrNull>("finished_at", &T::finished_at),
                       json::field_as<TextOrNull>("request_id", &T::request_id),
                       json::field("error", &T::error), json::field("resources", &T::resources))
        .called("Command");
}

constexpr auto fields_of(json::Of<Enrolment>) {
    using T = Enrolment;
    using json::TextOrNull;
    return json::shape(json::field_as<TextOrNull>("host", &T::host),
                       json::field("state", &T::state), json::field("name", &T::name),
                       json::field("fingerprint", &T::fingerprint),
                       json::field_as<TextOrNull>("machine_id", &T::machine_id).unpromised(),
                       json::field_as<TextOrNull>("version", &T::version).unpromised(),
                       json::field_as<TextOrNull>("address", &T::address).unpromised(),
                       json::field_as<json::AnObject>("facts", &T::facts),
                       json::field("announced_at", &T::announced_at));
}

constexpr auto fields_of(json::Of<Collection>) {
    using T = Collection;
    return json::shape(
        json::field("collection", &T::name), json::field("plugin", &T::plugin),
        json::field_as<json::Whole<0, UINT32_MAX>>("schema_version", &T::schema_version),
        json::field("schema_sha256", &T::schema_sha256).unpromised(),
        json::field_as<NamesOrNull>("actions", &T::actions).unpromised(),
        json::field_as<NamesOrNull>("capabilities", &T::capabilities).unpromised());
}

constexpr auto fields_of(json::Of<EnrolmentToken>) {
    using T = EnrolmentToken;
    return json::shape(json::field("id", &T::id), json::field("name", &T::name),
                       json::field("uses", &T::uses), json::field("uses_left", &T::uses_left),
                       json::field_as<Time>("expires_at", &T::expires_at_ms),
                       json::field("created_at", &T::created_at).unpromised(),
                       json::field_as<json::AnObject>("labels", &T::labels).unpromised(),
                       json::field("environment", &T::environment)
                           .unpromised()
                           .says("Of the hosts that enrol with it"),
                       json::field_as<json::TextOrNull>("replaces", &T::replaces)
                           .unpromised()
                           .says("The id of the host whose place the machine takes"),
                       json::field_as<json::TextOrNull>("created_by", &T::created_by)
                           .unpromised()
                           .says("The name of who made it"),
                       json::field_as<json::TextOrNull>("approved_by", &T::approved_by)
                           .unpromised()
                           .says("The name of who else has approved it"))
        .called("EnrolmentToken");
}

constexpr auto fields_of(json::Of<Plan>) {
    using T = Plan;
    using json::TextOrNull;
    return json::shape(json::field("id", &T::id), json::field("state", &T::state),
                       json::field("author", &T::author), json::field("created_at", &T::created_at),
                       json::field_as<TextOrNull>("expires_at", &T::expires_at),
                       json::field_as<TextOrNull>("ended_at", &T::ended_at),
                       json::field("hash", &T::hash)
                           .says("Of what it does to hosts: approvals are bound to it."),
                       json::field_as<json::AnObject>("summary", &T::summary),
                       json::field("requires_approval", &T::requires_approval),
                       json::field_as<TextOrNull>("approved_by", &T::approved_by),
                       json::field("applied_revision", &T::applied_revision)
                           .says("Of the model that it made, or 0."),
                       json::field("revision", &T::revision))
        .called("Plan");
}

constexpr auto fields_of(json::Of<Actor>) {
    return json::shape(json::field("id", &Actor::id), json::field("name", &Actor::name),
                       json::field("role", &Actor::role))
        .promising_nothing();
}

constexpr auto fields_of(json::Of<Owner>) {
    return json::shape(json::field("assignment", &Owner::assignment),
                       json::field("application", &Owner::application),
                       json::field_as<json::Whole<0, UINT32_MAX>>("version", &Owner::version),
                       json::field("on_leave", &Owner::on_leave)
                           .says("What becomes of it when its last owner goes."))
        .called("Owner");
}

constexpr auto fields_of(json::Of<AuditContext>) {
    using T = AuditContext;
    return json::shape(json::field("actor", &T::actor), json::field("address", &T::address),
                       json::field("request_id", &T::request_id), json::field("method", &T::method),
                       json::field("route", &T::route), json::field("object", &T::object),
                       json::field("outcome", &T::outcome),
                       json::field_as<json::AnObject>("detail", &T::detail));
}

constexpr auto fields_of(json::Of<WantedError>) {
    using T = WantedError;
    return json::shape(json::field("assignment", &T::assignment),
                       json::field("pointer", &T::pointer), json::field("code", &T::code),
                       json::field("detail", &T::detail));
}

constexpr auto fields_of(json::Of<Wanted>) {
    using T = Wanted;
    return json::shape(json::field("status", &T::status), json::field("errors", &T::errors),
                       json::field("revision", &T::revision));
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
    return json::shape(inlined(&Host::host), field("compliance", &Host::compliance),
                       field("wanted", &Host::wanted)
                           .says("How far it has what the model says; null where it says nothing."))
        .called("Host");
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
    return json::shape(
               field("host", &T::host), inlined(&T::ref),
               field_as<ObjectOrNull>("description", &T::description), field("policy", &T::policy),
               field("requires", &T::required).optional().written_if(described),
               field("notifies", &T::notified).optional().written_if(described),
               field("origin", &T::origin),
               field("owners", &T::owners)
                   .says("The assignments that it comes from; none: put directly."),
               field("overrides", &T::overrides).says("Whether it was put directly all the same."),
               field_as<GenerationOrNull>("generation", &T::generation),
               field_as<ObjectOrNull>("state", &T::state),
               field_as<TextOrNull>("observed_at", &T::observed_at),
               field_as<NullToo<ComplianceView>>("compliance", &T::compliance))
        .called("Resource");
}

constexpr auto fields_of(json::Of<FormerDescription>) {
    using T = FormerDescription;
    return json::shape(field_as<GenerationOrNull>("generation", &T::generation),
                       field("current", &T::is_current),
                       field("succeeded", &T::has_succeeded)
                           .says("Whether a command has brought it to the machine."),
                       field("written_at", &T::written_at), field("description", &T::description),
                       field("policy", &T::policy), field("requires", &T::required),
                       field("notifies", &T::notified), field("origin", &T::origin))
        .called("FormerDescription");
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
    return json::shape(field("id", &Enrolment::id), inlined(&Enrolment::enrolment))
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
    return json::shape(field("host", &T::host), inlined(&T::reported),
                       field("schema", &T::schema)
                           .written_if([](const T& from) { return from.schema.has_value(); })
                           .says("The JSON Schema; null while it has not come. Not in lists."))
        .called("Collection");
}

constexpr auto fields_of(json::Of<Token>) {
    using T = Token;
    return json::shape(field("id", &T::id), field("name", &T::name), field("role", &T::role),
                       field("state", &T::state), field("created_at", &T::created_at),
                       field("created_by", &T::created_by),
                       field_as<TimeOrNull>("expires_at", &T::expires_at_ms),
                       field_as<TimeOrNull>("revoked_at", &T::revoked_at_ms))
        .called("Token");
}
constexpr auto fields_of(json::Of<TokenMade>) {
    return json::shape(json::extended(&TokenMade::token), field("secret", &TokenMade::secret))
        .called("TokenMade");
}
constexpr auto fields_of(json::Of<EnrolmentTokenMade>) {
    using T = EnrolmentTokenMade;
    return json::shape(json::extended(&T::token), field("secret", &T::secret),
                       field("install", &T::install),
                       field("requires_approval", &T::requires_approval)
                           .unpromised()
                           .says("It counts for nothing before somebody else has approved it"))
        .called("EnrolmentTokenMade");
}

constexpr auto fields_of(json::Of<AuditRecord>) {
    using T = AuditRecord;
    constexpr auto chained = [](const T& from) { return from.seq != 0; };
    return json::shape(field("time", &T::time), inlined(&T::context),
                       field("revision", &T::revision), field("seq", &T::seq).written_if(chained),
                       field("previous", &T::previous).written_if(chained),
                       field("hash", &T::hash).written_if(chained),
                       field("damaged", &T::damaged)
                           .written_if([](const T& from) { return !from.damaged.empty(); })
                           .says("A record that does not read any more."))
        .called("AuditRecord")
        .promising_nothing();
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

constexpr auto fields_of(json::Of<ModelEvent>) {
    using T = ModelEvent;
    return json::shape(field("name", &T::name), field("deleted", &T::deleted));
}

constexpr auto fields_of(json::Of<CompiledEvent>) {
    using T = CompiledEvent;
    return json::shape(field("host", &T::host), field("wanted", &T::wanted));
}

// The host is known from the link; its agent need not name it.
constexpr auto fields_of(json::Of<AgentEvent>) {
    using T = AgentEvent;
    return json::shape(field("host", &T::host).lenient(), field_as<TimeOrNumber>("from", &T::from),
                       field_as<TimeOrNumber>("to", &T::to), field("count", &T::count),
                       field("reason", &T::reason));
}

constexpr auto fields_of(json::Of<BackupOrigin>) {
    using T = BackupOrigin;
    return json::shape(field("stream", &T::stream), field("revision", &T::revision),
                       field("head", &T::head), field("made", &T::made));
}
constexpr auto fields_of(json::Of<RestoredEvent>) {
    using T = RestoredEvent;
    return json::shape(field("stream", &T::stream), field("backup", &T::backup));
}

}  // namespace rest
}  // namespace state
}  // namespace evenkeel
