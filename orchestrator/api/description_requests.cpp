#include "orchestrator/api/description_requests.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/state/collections.hpp"

namespace evenkeel::api {
namespace {

using http::Code;

// Of one command, so that its message stays below the bus's limit.
constexpr std::size_t kFileBytesMost = 640 * 1024;
constexpr std::size_t kFileEntriesMost = 2'000;

std::string quoted(std::string_view text) {
    return "'" + printable(text.substr(0, 200)) + "'";
}

void check_ensure(const json::Value& description, const std::string& at, Findings& findings) {
    const json::Value* ensure = description.find("ensure");
    if (!ensure) return;
    const bool known = ensure->is_string() &&
                       (ensure->as_string() == "present" || ensure->as_string() == "absent");
    if (!known) findings.invalid(at + "/ensure", "must be \"present\" or \"absent\"");
}

// Against the schema; "ensure" is ours and not in it.
void check_fields(const schema::Schema* schema, const json::Value& description,
                  const std::string& at, Findings& findings) {
    json::Value document = description;
    document.as_object().erase("ensure");
    for (const auto& [name, value] : document.as_object()) {
        if (value.is_null()) {
            findings.invalid(json::pointer(at, name),
                             "null is no value: leave out what is not to be managed");
        }
    }
    check_ensure(description, at, findings);
    // What a schema does not name is a slip of the pen, unless it says that anything goes.
    const bool open = schema && schema->document().find("additionalProperties");
    for (const auto& [name, value] : document.as_object()) {
        if (!schema || open || schema->property(name)) continue;
        findings.add(json::pointer(at, name), "unknown-field", "there is no field " + quoted(name));
    }
    const bool nothing_said =
        document.as_object().empty() && description.string_or("ensure") == "absent";
    if (!schema || nothing_said || !findings.empty()) return;
    for (const schema::FieldError& error : schema->validate(document, schema::Mode::description)) {
        findings.add(at + error.pointer, error.code, error.detail);
    }
}

// The description with kept secrets filled in, or findings.
json::Value read_description(const Context& context, const state::View& view,
                             const state::Host& host, const wire::Ref& ref,
                             const json::Value& given, const std::string& at, Findings& findings) {
    if (!given.is_object()) {
        findings.invalid(at, "must be an object");
        return json::Object{};
    }
    const auto before = view.resource(host.id, ref);
    const json::Value stored = before && *before ? (*before)->description : json::Value();
    auto whole =
        context.protector.restore_redacted({host.id, ref.collection, ref.id}, given, stored);
    if (whole) return *std::move(whole);
    findings.invalid(json::pointer(at, whole.error().what),
                     "no value with this fingerprint is stored: send the value");
    return json::Object{};
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

// What the ties of all the wishes name, against the host; `at` tells a wish's pointer.
std::vector<wire::RelatedResource> tied(const std::vector<commands::DescriptionRequest>& requests,
                                        const std::string& at = "/resources/") {
    std::vector<wire::RelatedResource> entries;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        entries.push_back(
            {requests[i].ref, requests[i].relations, at.empty() ? "" : at + std::to_string(i)});
    }
    return entries;
}

ApiResult<commands::DescriptionRequest> read_one(const Context& context, const state::View& view,
                                                 const state::Host& host, const wire::Ref& ref,
                                                 const json::Value& body, const std::string& at,
                                                 Findings& findings) {
    commands::DescriptionRequest request;
    request.ref = ref;
    request.schema = EK_API_TRY(check_ref(context, view, host, ref));
    if (const auto reported = EK_API_TRY(view.collections().find(host.id, ref.collection))) {
        request.schema_version = reported->schema_version;
    }
    std::vector<wire::WrongField> wrong;
    request.relations = wire::read_relations(body, at, wrong);
    add(findings, std::move(wrong));
    const std::string description = at + "/description";
    if (json::write(body["description"]).size() > wire::kDescriptionBytesMost) {
        return refuse(Code::too_large, "a description has at most 512 KiB");
    }
    request.policy = read_policy(body, at, findings);
    Findings own;
    request.description =
        read_description(context, view, host, ref, body["description"], description, own);
    if (own.empty()) check_fields(request.schema.get(), request.description, description, own);
    findings.append(own);
    return request;
}

}  // namespace

std::string canonical_id(const schema::Schema& schema, std::string_view id) {
    // Ids that are paths are the ones with more than one spelling.
    std::vector<std::string> parts;
    for (std::string& part : split(id, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
            continue;
        }
        parts.push_back(std::move(part));
    }
    std::string path;
    for (const std::string& part : parts) path += "/" + part;
    if (path.empty()) path = "/";
    return schema.accepts_key(path) ? path : "";
}

ApiResult<state::Schemas::Pointer> check_ref(const Context& context, const state::View& view,
                                             const state::Host& host, const wire::Ref& ref) {
    const bool told = !host.stream.empty();
    const bool known =
        told ? EK_API_TRY(view.collections().find(host.id, ref.collection)).has_value()
             : state::is_collection_name(ref.collection);
    if (!known) {
        return refuse(Code::unknown_collection,
                      "the host has no collection " + quoted(ref.collection));
    }
    if (!state::fits(ref)) {
        return refuse(Code::invalid_id, "an id has 1 to 4096 bytes and no NUL");
    }
    const auto schema = EK_API_TRY(context.schemas.find(view, host.id, ref.collection));
    if (!schema || schema->accepts_key(ref.id)) return schema;
    std::string detail = quoted(ref.id) + " is not how " + ref.collection + " spell an id";
    const std::string canonical = canonical_id(*schema, ref.id);
    if (!canonical.empty()) detail += "; the canonical id is " + quoted(canonical);
    if (!schema->key_description().empty()) detail += " (" + schema->key_description() + ")";
    http::Problem problem{.code = Code::invalid_id, .detail = std::move(detail)};
    if (!canonical.empty()) problem.more.set("canonical_id", canonical);
    return refuse(std::move(problem));
}

ApiResult<state::Schemas::Pointer> check_described(const Context& context, const state::View& view,
                                                   const state::Host& host, const wire::Ref& ref) {
    const bool there = state::fits(ref) && EK_API_TRY(view.resource(host.id, ref)).has_value();
    if (there) return EK_API_TRY(context.schemas.find(view, host.id, ref.collection));
    return check_ref(context, view, host, ref);
}

ApiResult<commands::DescriptionRequest> read_description_request(const Context& context,
                                                                 const state::View& view,
                                                                 const state::Host& host,
                                                                 const wire::Ref& ref,
                                                                 const json::Value& body) {
    Findings findings;
    findings.only(body, "", {"description", "policy", "requires", "notifies"});
    commands::DescriptionRequest request =
        EK_API_TRY(read_one(context, view, host, ref, body, "", findings));
    add(findings, wire::check_relations(tied({request}, ""), commands::known_of(view, host.id)));
    if (!findings.empty()) return refuse(findings.problem());
    return request;
}

ApiResult<std::vector<commands::DescriptionRequest>> read_file(const Context& context,
                                                               const state::View& view,
                                                               const state::Host& host,
                                                               const json::Value& body) {
    Findings findings;
    findings.only(body, "", {"resources"});
    const json::Value& entries = body["resources"];
    const bool usable = entries.is_array() && !entries.as_array().empty() &&
                        entries.as_array().size() <= kFileEntriesMost;
    if (!usable) findings.invalid("/resources", "must be an array of 1 to 2000 resources");
    if (!usable) return refuse(findings.problem());
    std::vector<commands::DescriptionRequest> requests;
    std::set<wire::Ref> seen;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < entries.as_array().size(); ++i) {
        const json::Value& entry = entries.as_array()[i];
        const std::string at = "/resources/" + std::to_string(i);
        if (!findings.only(entry, at,
                           {"collection", "id", "description", "policy", "requires", "notifies"})) {
            continue;
        }
        const wire::Ref ref{entry.string_or("collection"), entry.string_or("id")};
        if (!seen.insert(ref).second) findings.invalid(at, "the resource is there twice");
        auto request = read_one(context, view, host, ref, entry, at, findings);
        if (!request) {
            request.error().detail = at + ": " + request.error().detail;
            return refuse(request.error());
        }
        bytes += json::write(request->description).size() + ref.id.size() + 256;
        bytes += json::write(wire::encode(request->relations.required)).size();
        bytes += json::write(wire::encode(request->relations.notified)).size();
        requests.push_back(*std::move(request));
    }
    // Only where every entry has its place: else the pointers would lie.
    if (requests.size() == entries.as_array().size()) {
        add(findings, wire::check_relations(tied(requests), commands::known_of(view, host.id)));
    }
    if (!findings.empty()) return refuse(findings.problem());
    if (bytes > kFileBytesMost) {
        return refuse(Code::too_large, "the resources of one command have at most 640 KiB");
    }
    std::vector<commands::DescriptionRequest> ordered;
    for (const std::size_t at : EK_API_TRY(wire::in_order(tied(requests)))) {
        ordered.push_back(std::move(requests[at]));
    }
    return ordered;
}

}  // namespace evenkeel::api
