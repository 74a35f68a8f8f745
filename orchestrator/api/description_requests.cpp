#include "orchestrator/api/description_requests.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/schema/ids.hpp"
#include "core/secrets/protector.hpp"
#include "core/secrets/redacted_pointers.hpp"
#include "core/secrets/redactor.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/api/request_bodies.hpp"
#include "orchestrator/commands/check_fields.hpp"
#include "orchestrator/commands/mirrors.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/resources.hpp"

namespace evenkeel::api {
namespace {

using http::Code;

// Of one command, so that its message stays below the bus's limit.
constexpr std::size_t kFileBytesMost = 640 * 1024;
constexpr std::size_t kFileEntriesMost = 2'000;

std::string quoted(std::string_view text) {
    return "'" + printable(text.substr(0, 200)) + "'";
}

void check_fields(const schema::Schema* schema, const json::Value& description,
                  const std::string& at, Findings& findings) {
    for (schema::FieldError& error : commands::check_fields(schema, description)) {
        findings.add(at + error.pointer, std::move(error.code), std::move(error.detail));
    }
}

// The stored description, where the given one refers to it with {"redacted": ...}.
Result<json::Value> find_stored(const state::View& view, const json::Value& given,
                                std::uint64_t body) {
    if (body == 0 || !secrets::has_redacted(given)) return json::Value();
    return EK_TRY(view.bodies().get(body)).description;
}

wire::Policy read_policy(const json::Value& body, const std::string& at, Findings& findings) {
    const json::Value* given = body.find("policy");
    if (!given) return wire::Policy::report;
    const auto policy = given->is_string()
                            ? wire::policy_from(given->as_string())
                            : Result<wire::Policy>(fail(Errc::invalid, "must be text"));
    if (!policy) findings.invalid(at + "/policy", policy.error().what);
    return policy.value_or(wire::Policy::report);
}

void add(Findings& findings, std::vector<wire::WrongField> wrong) {
    for (wire::WrongField& each : wrong) {
        findings.add(std::move(each.pointer), std::move(each.code), std::move(each.detail));
    }
}

// The resources with their relations, for the checks; `at` is where a request's pointer begins.
std::vector<wire::RelatedResource> related(
    const std::vector<commands::DescriptionRequest>& requests,
    const std::string& at = "/resources/") {
    std::vector<wire::RelatedResource> entries;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        entries.push_back(
            {requests[i].ref, requests[i].relations, at.empty() ? "" : at + std::to_string(i)});
    }
    return entries;
}

// Whether a description of a body of this size may have too many bytes when it is written. No text
// becomes more than eight times as long by that (1e9 is 1000000000.0 then), so that most need not
// be written to be measured.
bool is_too_large(const json::Value& description, std::size_t body_bytes) {
    if (body_bytes <= wire::kDescriptionBytesMost / 8) return false;
    return json::write(description).size() > wire::kDescriptionBytesMost;
}

// What a request's entry is about, and what is known of that.
struct Place {
    const state::Host& host;
    const wire::Ref& ref;
    const CollectionSchema& collection;
    std::uint64_t body = 0;  // number of what is described now, or 0
    std::string at = {};     // the entry's pointer
};

// The description with stored secrets filled in, or findings.
ApiResult<json::Value> read_description(const Context& context, const state::View& view,
                                        const Place& place, const json::Value& given,
                                        const std::string& at, Findings& findings) {
    if (!given.is_object()) {
        findings.invalid(at, "must be an object");
        return json::Value(json::Object{});
    }
    const json::Value stored = EK_API_TRY(find_stored(view, given, place.body));
    auto whole =
        context.protector.restore_redacted({place.host.id, place.ref.collection, place.ref.id},
                                           given, stored, place.collection.schema.get());
    if (whole || whole.error().code != Errc::invalid) return EK_API_TRY(std::move(whole));
    findings.invalid(at + whole.error().what, std::string(secrets::kNotRestored));
    return json::Value(json::Object{});
}

// Of a description whose secrets cannot be filled in: what is wrong with the rest of it.
void check_beside_redacted(const schema::Schema* schema, const json::Value& given,
                           const std::string& at, Findings& findings) {
    if (!given.is_object()) return;
    const secrets::RedactedPointers redacted(given);
    Findings all;
    check_fields(schema, given, at, all);
    findings.append_unless(
        all, [&](std::string_view pointer) { return redacted.cover(pointer.substr(at.size())); });
}

// Whether the plugin can do what it asks for.
void check_possible(const CollectionSchema& collection, const commands::DescriptionRequest& request,
                    const std::string& at, Findings& findings) {
    const bool absent = request.description.string_or("ensure") == "absent";
    auto wrong = wire::impossible_description(collection.capabilities, request.ref.collection,
                                              absent, request.policy);
    if (!wrong) return;
    findings.add(at + wrong->pointer, std::move(wrong->code), std::move(wrong->detail));
}

ApiResult<commands::DescriptionRequest> read_one(const Context& context, const state::View& view,
                                                 const Place& place, const json::Value& entry,
                                                 std::size_t body_bytes, Findings& findings) {
    commands::DescriptionRequest request;
    request.ref = place.ref;
    request.at = place.at;
    request.schema = place.collection.schema;
    request.schema_version = place.collection.version;
    std::vector<wire::WrongField> wrong;
    request.relations = wire::read_relations(entry, place.at, wrong);
    add(findings, std::move(wrong));
    const std::string description = place.at + "/description";
    if (is_too_large(entry["description"], body_bytes)) {
        return refuse(Code::too_large, "a description has at most 512 KiB");
    }
    request.policy = read_policy(entry, place.at, findings);
    Findings own;
    request.description =
        EK_API_TRY(read_description(context, view, place, entry["description"], description, own));
    if (own.empty()) check_fields(request.schema.get(), request.description, description, own);
    else check_beside_redacted(request.schema.get(), entry["description"], description, own);
    check_possible(place.collection, request, place.at, own);
    findings.append(own);
    return request;
}

// `invalid-id`, or nothing.
std::optional<http::Problem> wrong_id(const schema::Schema* schema, const wire::Ref& ref) {
    if (!state::fits(ref)) {
        return http::Problem{.code = Code::invalid_id,
                             .detail = "an id has 1 to 4096 bytes and no NUL"};
    }
    if (!schema || schema->accepts_key(ref.id)) return std::nullopt;
    if (schema::is_relative_id(*schema, ref.id)) {
        return http::Problem{.code = Code::invalid_id,
                             .detail = quoted(ref.id) + " " + schema::kMustBeAbsolute};
    }
    std::string detail = quoted(ref.id) + " is not how " + ref.collection + " spell an id";
    const std::string canonical = schema::canonical_id(*schema, ref.id);
    if (!canonical.empty()) detail += "; the canonical id is " + quoted(canonical);
    if (!schema->key_description().empty()) detail += " (" + schema->key_description() + ")";
    http::Problem problem{.code = Code::invalid_id, .detail = std::move(detail)};
    if (!canonical.empty()) problem.more.set("canonical_id", canonical);
    return problem;
}

// An entry of a FILE, whose collection and present description are still to be found.
ApiResult<commands::DescriptionRequest> read_entry(const Context& context, const state::View& view,
                                                   const state::Host& host, const wire::Ref& ref,
                                                   const json::Value& entry, const std::string& at,
                                                   std::size_t body_bytes, Findings& findings) {
    const CollectionSchema collection =
        EK_API_TRY(find_collection(context, view, host, ref.collection));
    const auto wrong = wrong_id(collection.schema.get(), ref);
    if (wrong) findings.add(at + "/id", "invalid-id", wrong->detail);
    Place place{.host = host, .ref = ref, .collection = collection, .at = at};
    if (!wrong && secrets::has_redacted(entry["description"])) {
        const auto before = EK_API_TRY(view.resources().find(host.id, ref));
        if (before) place.body = before->body;
    }
    return read_one(context, view, place, entry, body_bytes, findings);
}

// What it takes in the message of its command.
std::size_t bytes_of(const commands::DescriptionRequest& request) {
    return json::write(request.description).size() + request.ref.id.size() + 256 +
           json::write(wire::encode(request.relations.required)).size() +
           json::write(wire::encode(request.relations.notified)).size();
}

}  // namespace

http::Problem unknown_collection(const state::View& view, const state::Host& host,
                                 const std::string& name) {
    http::Problem problem{.code = Code::unknown_collection,
                          .detail = "the host has no collection " + quoted(name)};
    const auto known = view.collections().of(host.id);
    if (!known || known->empty()) return problem;
    problem.detail += "; it has ";
    for (std::size_t i = 0; i < known->size(); ++i) {
        if (i > 0) problem.detail += i + 1 == known->size() ? " and " : ", ";
        problem.detail += (*known)[i].name;
    }
    return problem;
}

ApiResult<CollectionSchema> find_collection(const Context& context, const state::View& view,
                                            const state::Host& host, const std::string& name) {
    const auto reported = EK_API_TRY(view.collections().find(host.id, name));
    const bool has_reported = !host.stream.empty();
    if (has_reported ? !reported : !state::is_collection_name(name)) {
        return refuse(unknown_collection(view, host, name));
    }
    CollectionSchema collection;
    if (!reported) return collection;
    collection.version = reported->schema_version;
    collection.capabilities = state::capabilities_of(*reported);
    collection.schema = EK_API_TRY(context.schemas.find_hash(view, reported->schema_sha256));
    return collection;
}

ApiResult<CollectionSchema> check_ref(const Context& context, const state::View& view,
                                      const state::Host& host, const wire::Ref& ref) {
    CollectionSchema collection = EK_API_TRY(find_collection(context, view, host, ref.collection));
    if (auto wrong = wrong_id(collection.schema.get(), ref)) return refuse(*std::move(wrong));
    return collection;
}

ApiResult<std::optional<state::Resource>> find_described(const Context& context,
                                                         const state::View& view,
                                                         const state::Host& host,
                                                         const wire::Ref& ref) {
    if (state::fits(ref)) {
        auto there = EK_API_TRY(view.resources().find(host.id, ref));
        if (there) return there;
    }
    EK_API_TRY(check_ref(context, view, host, ref));
    return std::optional<state::Resource>();
}

ApiResult<commands::DescriptionRequest> read_description_request(
    const Context& context, const state::View& view, const state::Host& host, const wire::Ref& ref,
    const CollectionSchema& collection, const std::optional<state::Resource>& before,
    const http::Request& request, bool one_of_several) {
    Findings findings;
    const auto wrong = wrong_id(collection.schema.get(), ref);
    if (wrong) findings.add("/id", "invalid-id", wrong->detail);
    findings.only(request.json, "", put_schema());
    const Place place{
        .host = host, .ref = ref, .collection = collection, .body = before ? before->body : 0};
    commands::DescriptionRequest read =
        EK_API_TRY(read_one(context, view, place, request.json, request.body.size(), findings));
    const std::vector<wire::RelatedResource> entries{{ref, read.relations, ""}};
    if (!one_of_several)
        add(findings, wire::check_relations(entries, commands::known_of(view, host.id)));
    if (findings.empty()) return read;
    if (wrong && findings.size() == 1) return refuse(*wrong);
    http::Problem problem = findings.problem();
    if (wrong) problem.more = wrong->more;
    return refuse(std::move(problem));
}

ApiResult<commands::DescriptionRequest> repeat_description(const Context& context,
                                                           const state::View& view,
                                                           const state::Host& host,
                                                           const CollectionSchema& collection,
                                                           const state::Body& body) {
    commands::DescriptionRequest request;
    request.ref = body.ref;
    request.policy = body.policy;
    request.relations = body.relations;
    request.schema = collection.schema;
    request.schema_version = collection.version;
    request.description = EK_API_TRY(
        context.protector.open({host.id, body.ref.collection, body.ref.id}, body.description));
    if (secrets::has_redacted(request.description)) {
        return refuse(Code::invalid_state,
                      "the host described it with a secret that it has kept to itself");
    }
    Findings findings;
    check_fields(request.schema.get(), request.description, "/description", findings);
    check_possible(collection, request, "", findings);
    const std::vector<wire::RelatedResource> entries{{request.ref, request.relations, ""}};
    add(findings, wire::check_relations(entries, commands::known_of(view, host.id)));
    if (!findings.empty()) return refuse(findings.problem());
    return request;
}

ApiResult<std::vector<commands::DescriptionRequest>> read_file(const Context& context,
                                                               const state::View& view,
                                                               const state::Host& host,
                                                               const http::Request& request) {
    Findings findings;
    findings.only(request.json, "", file_schema());
    const json::Value& entries = request.json["resources"];
    const json::Value& entry_schema = file_schema()["properties"]["resources"]["items"];
    const bool usable = entries.is_array() && !entries.as_array().empty() &&
                        entries.as_array().size() <= kFileEntriesMost;
    if (!usable) findings.invalid("/resources", "must be an array of 1 to 2000 resources");
    if (!usable) return refuse(findings.problem());
    std::vector<commands::DescriptionRequest> requests;
    std::set<wire::Ref> seen;
    std::size_t bytes = 0;
    std::optional<http::Problem> elsewhere;  // the last entry of no collection of the host
    for (std::size_t i = 0; i < entries.as_array().size(); ++i) {
        const json::Value& entry = entries.as_array()[i];
        const std::string at = "/resources/" + std::to_string(i);
        if (!findings.only(entry, at, entry_schema)) continue;
        const wire::Ref ref{entry.string_or("collection"), entry.string_or("id")};
        if (!seen.insert(ref).second) findings.invalid(at, "the resource is there twice");
        auto read = read_entry(context, view, host, ref, entry, at, request.body.size(), findings);
        if (!read && read.error().code == Code::unknown_collection) {
            findings.add(at + "/collection", "unknown-collection", read.error().detail);
            read.error().detail = at + "/collection: " + read.error().detail;
            elsewhere = read.error();
            continue;
        }
        if (!read) {
            read.error().detail = at + ": " + read.error().detail;
            return refuse(read.error());
        }
        bytes += bytes_of(*read);
        requests.push_back(*std::move(read));
    }
    // Only where every entry has its place: else the pointers would be wrong.
    if (requests.size() == entries.as_array().size()) {
        add(findings, wire::check_relations(related(requests), commands::known_of(view, host.id)));
        add(findings, commands::find_contradictions(requests, "/resources/"));
    }
    if (elsewhere && findings.size() == 1) return refuse(*std::move(elsewhere));
    if (!findings.empty()) return refuse(findings.problem());
    if (bytes > kFileBytesMost) {
        return refuse(Code::too_large, "the resources of one command have at most 640 KiB");
    }
    std::vector<commands::DescriptionRequest> ordered;
    for (const std::size_t at : EK_API_TRY(wire::in_order(related(requests)))) {
        ordered.push_back(std::move(requests[at]));
    }
    return ordered;
}

}  // namespace evenkeel::api
