#include "orchestrator/api/wishes.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/wire/message.hpp"
#include "core/wire/order.hpp"

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
    auto whole = context.vault.fill_in(host.id, ref, given, stored);
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
std::vector<wire::Tied> tied(const std::vector<commands::Wish>& wishes,
                             const std::string& at = "/resources/") {
    std::vector<wire::Tied> entries;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        entries.push_back(
            {wishes[i].ref, wishes[i].ties, at.empty() ? "" : at + std::to_string(i)});
    }
    return entries;
}

Checked<commands::Wish> read_one(const Context& context, const state::View& view,
                                 const state::Host& host, const wire::Ref& ref,
                                 const json::Value& body, const std::string& at,
                                 Findings& findings) {
    commands::Wish wish;
    wish.ref = ref;
    wish.schema = EK_ASK(check_ref(context, view, host, ref));
    if (const auto reported = EK_ASK(view.collection(host.id, ref.collection))) {
        wish.schema_version = reported->schema_version;
    }
    std::vector<wire::WrongField> wrong;
    wish.ties = wire::read_ties(body, at, wrong);
    add(findings, std::move(wrong));
    const std::string description = at + "/description";
    if (json::write(body["description"]).size() > wire::kDescriptionBytesMost) {
        return refuse(Code::too_large, "a description has at most 512 KiB");
    }
    wish.policy = read_policy(body, at, findings);
    Findings own;
    wish.description =
        read_description(context, view, host, ref, body["description"], description, own);
    if (own.empty()) check_fields(wish.schema.get(), wish.description, description, own);
    findings.append(own);
    return wish;
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

Checked<state::Schemas::Pointer> check_ref(const Context& context, const state::View& view,
                                           const state::Host& host, const wire::Ref& ref) {
    const bool told = !host.stream.empty();
    const bool known = told ? EK_ASK(view.collection(host.id, ref.collection)).has_value()
                            : state::is_collection_name(ref.collection);
    if (!known) {
        return refuse(Code::unknown_collection,
                      "the host has no collection " + quoted(ref.collection));
    }
    if (!state::fits(ref)) {
        return refuse(Code::invalid_id, "an id has 1 to 4096 bytes and no NUL");
    }
    const auto schema = EK_ASK(context.schemas.find(view, host.id, ref.collection));
    if (!schema || schema->accepts_key(ref.id)) return schema;
    std::string detail = quoted(ref.id) + " is not how " + ref.collection + " spell an id";
    const std::string canonical = canonical_id(*schema, ref.id);
    if (!canonical.empty()) detail += "; the canonical id is " + quoted(canonical);
    if (!schema->key_description().empty()) detail += " (" + schema->key_description() + ")";
    http::Problem problem{.code = Code::invalid_id, .detail = std::move(detail)};
    if (!canonical.empty()) problem.more.set("canonical_id", canonical);
    return refuse(std::move(problem));
}

Checked<state::Schemas::Pointer> check_described(const Context& context, const state::View& view,
                                                 const state::Host& host, const wire::Ref& ref) {
    const bool there = state::fits(ref) && EK_ASK(view.resource(host.id, ref)).has_value();
    if (there) return EK_ASK(context.schemas.find(view, host.id, ref.collection));
    return check_ref(context, view, host, ref);
}

Checked<commands::Wish> read_wish(const Context& context, const state::View& view,
                                  const state::Host& host, const wire::Ref& ref,
                                  const json::Value& body) {
    Findings findings;
    findings.only(body, "", {"description", "policy", "requires", "notifies"});
    commands::Wish wish = EK_ASK(read_one(context, view, host, ref, body, "", findings));
    add(findings, wire::check_ties(tied({wish}, ""), commands::known_of(view, host.id)));
    if (!findings.empty()) return refuse(findings.problem());
    return wish;
}

Checked<std::vector<commands::Wish>> read_file(const Context& context, const state::View& view,
                                               const state::Host& host, const json::Value& body) {
    Findings findings;
    findings.only(body, "", {"resources"});
    const json::Value& entries = body["resources"];
    const bool usable = entries.is_array() && !entries.as_array().empty() &&
                        entries.as_array().size() <= kFileEntriesMost;
    if (!usable) findings.invalid("/resources", "must be an array of 1 to 2000 resources");
    if (!usable) return refuse(findings.problem());
    std::vector<commands::Wish> wishes;
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
        auto wish = read_one(context, view, host, ref, entry, at, findings);
        if (!wish) {
            wish.error().detail = at + ": " + wish.error().detail;
            return refuse(wish.error());
        }
        bytes += json::write(wish->description).size() + ref.id.size() + 256;
        bytes += json::write(wire::encode(wish->ties.needs)).size();
        bytes += json::write(wire::encode(wish->ties.tells)).size();
        wishes.push_back(*std::move(wish));
    }
    // Only where every entry has its place: else the pointers would lie.
    if (wishes.size() == entries.as_array().size()) {
        add(findings, wire::check_ties(tied(wishes), commands::known_of(view, host.id)));
    }
    if (!findings.empty()) return refuse(findings.problem());
    if (bytes > kFileBytesMost) {
        return refuse(Code::too_large, "the resources of one command have at most 640 KiB");
    }
    std::vector<commands::Wish> ordered;
    for (const std::size_t at : EK_ASK(wire::in_order(tied(wishes)))) {
        ordered.push_back(std::move(wishes[at]));
    }
    return ordered;
}

}  // namespace evenkeel::api
