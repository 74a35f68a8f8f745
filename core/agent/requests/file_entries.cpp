#include "core/agent/requests/file_entries.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/model/records.hpp"
#include "core/agent/requests/contradictions.hpp"
#include "core/agent/runs/decide.hpp"
#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "core/json/shape.hpp"
#include "core/schema/schema.hpp"
#include "core/secrets/redacted_pointers.hpp"
#include "core/wire/fields.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"

namespace evenkeel::agent {
namespace {

wire::WrongField unknown_field(const std::string& at, const std::string& name) {
    return {json::pointer(at, name), "unknown-field",
            "there is no field '" + printable(name) + "'"};
}

// The entries of the whole document; none where it has no list.
const json::Array& check_document(const json::Value& file, std::vector<wire::WrongField>& wrong) {
    static const json::Array kNone;
    if (!file.is_object()) {
        wrong.push_back({"", "invalid", "must be an object"});
        return kNone;
    }
    for (const auto& [name, member] : file.as_object()) {
        if (name != "resources" && name != "detach") wrong.push_back(unknown_field("", name));
    }
    const json::Value& resources = file["resources"];
    if (resources.is_array()) return resources.as_array();
    wrong.push_back({"/resources", "invalid", "must be a list"});
    return kNone;
}

// An entry of a FILE may have no other members than these.
void check_members(const json::Value& entry, const std::string& at,
                   std::vector<wire::WrongField>& wrong) {
    static const std::set<std::string, std::less<>> kMembers{
        "collection", "id", "description", "policy", "requires", "notifies"};
    if (!entry.is_object()) return wrong.push_back({at, "invalid", "must be an object"});
    for (const auto& [name, value] : entry.as_object()) {
        if (!kMembers.contains(name)) wrong.push_back(unknown_field(at, name));
    }
    wire::read_relations(entry, at, wrong);
}

// The error of an entry; one that begins with its field's pointer is told at that.
wire::WrongField wrong_at(const std::string& at, const std::string& what) {
    const std::size_t colon = what.starts_with('/') ? what.find(": ") : what.npos;
    if (colon == what.npos) return {at, "invalid", what};
    return {at + what.substr(0, colon), "invalid", what.substr(colon + 2)};
}

// "this host has no plugin for the collection nope; it has files, users".
wire::WrongField unknown_collection(const std::string& name, const CollectionRegistry& registry,
                                    const std::string& at) {
    std::string known;
    for (const auto& [each, runner] : registry) known += (known.empty() ? "" : ", ") + each;
    return {at + "/collection", "unknown-collection",
            registry.why_missing(name).what + (known.empty() ? "" : "; it has " + known)};
}

// What the collection's schema says. A removal describes nothing, and what stands for a stored
// secret is checked when that is filled in.
void check_described(const wire::ResourceRequest& entry, const CollectionRegistry& registry,
                     const std::string& at, std::vector<wire::WrongField>& wrong) {
    const CollectionRunner* runner = registry.find(entry.ref.collection);
    if (!runner) return wrong.push_back(unknown_collection(entry.ref.collection, registry, at));
    const schema::Schema& schema = runner->collection().schema();
    if (const auto fits = check_id(schema, entry.ref.id); !fits) {
        wrong.push_back({at + "/id", "invalid", fits.error().what});
    }
    const json::Value& body = entry.description;
    const bool describes = body.is_object() && body.string_or("ensure", "present") == "present";
    if (!describes) return;
    const secrets::RedactedPointers redacted(body);
    for (schema::FieldError& each :
         schema.validate(without_ensure(body), schema::Mode::description)) {
        if (redacted.cover(each.pointer)) continue;
        wrong.push_back(
            {at + "/description" + each.pointer, std::move(each.code), std::move(each.detail)});
    }
}

// The entry as far as it reads.
wire::ResourceRequest read_entry(const json::Value& entry, const std::string& at,
                                 std::vector<wire::WrongField>& wrong) {
    wire::ResourceRequest request;
    check_members(entry, at, wrong);
    if (!entry.is_object()) return request;
    json::decode_each(entry, request, [&](const json::Wrong& each) {
        const bool is_told =
            each.pointer.starts_with("/requires") || each.pointer.starts_with("/notifies");
        if (!is_told) wrong.push_back({at + each.pointer, "invalid", each.detail});
    });
    return request;
}

wire::RelationLookup lookup_of(const Catalog& catalog, const CollectionRegistry& registry) {
    return {[&catalog](const wire::Ref& ref) {
                const CatalogEntry* entry = catalog.find(ref);
                return entry ? std::optional(entry->metadata.relations) : std::nullopt;
            },
            [&registry](const wire::Notification& notice) {
                const CollectionRunner* runner = registry.find(notice.ref.collection);
                if (!runner) return true;
                const auto actions = runner->collection().actions();
                return std::find(actions.begin(), actions.end(), notice.action) != actions.end();
            }};
}

}  // namespace

Result<std::vector<wire::ResourceRequest>> decode_resources(const json::Value& resources) {
    if (!resources.is_array()) return fail(Errc::invalid, "'resources' is not a list");
    std::vector<wire::ResourceRequest> out;
    std::vector<wire::WrongField> wrong;
    for (std::size_t i = 0; i < resources.as_array().size(); ++i) {
        auto request = wire::decode_resource_request(resources.as_array()[i]);
        if (request) {
            out.push_back(std::move(*request));
        } else {
            wrong.push_back(wrong_at("/resources/" + std::to_string(i), request.error().what));
        }
    }
    if (!wrong.empty()) return fail(Errc::invalid, wire::text_of(wrong));
    return out;
}

FileEntries decode_file(const json::Value& file, const HostView& host) {
    const Catalog& catalog = host.catalog;
    const CollectionRegistry& registry = host.registry;
    std::vector<wire::ResourceRequest> requests;
    std::vector<wire::RelatedResource> entries;
    std::vector<wire::WrongField> wrong;
    std::set<wire::Ref> seen;
    const json::Array& resources = check_document(file, wrong);
    for (std::size_t i = 0; i < resources.size(); ++i) {
        const std::string at = "/resources/" + std::to_string(i);
        wire::ResourceRequest request = read_entry(resources[i], at, wrong);
        if (!request.ref.collection.empty() && !request.ref.id.empty()) {
            if (!seen.insert(request.ref).second) {
                wrong.push_back({at, "invalid", "the resource is there twice"});
            }
            check_described(request, registry, at, wrong);
            entries.push_back({request.ref, request.relations, at});
        }
        requests.push_back(std::move(request));
    }
    // Where an entry has no name, what requires it would seem to require nothing that is there.
    if (entries.size() == requests.size()) {
        for (wire::WrongField& each :
             wire::check_relations(entries, lookup_of(catalog, registry))) {
            wrong.push_back(std::move(each));
        }
    }
    add_contradictions(requests, host, wrong);
    if (!wrong.empty()) return tl::unexpected(std::move(wrong));
    return requests;
}

}  // namespace evenkeel::agent
