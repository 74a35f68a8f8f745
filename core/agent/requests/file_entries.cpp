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
#include "core/schema/schema.hpp"
#include "core/secrets/redactor.hpp"
#include "core/wire/message.hpp"
#include "core/wire/relations.hpp"

namespace evenkeel::agent {
namespace {

// An entry of a FILE may have no other members than these.
void check_members(const json::Value& entry, const std::string& at,
                   std::vector<wire::WrongField>& wrong) {
    static const std::set<std::string, std::less<>> kMembers{
        "collection", "id", "description", "policy", "requires", "notifies"};
    if (!entry.is_object()) return wrong.push_back({at, "invalid", "must be an object"});
    for (const auto& [name, value] : entry.as_object()) {
        if (kMembers.contains(name)) continue;
        wrong.push_back({json::pointer(at, name), "unknown-field",
                         "there is no field '" + printable(name) + "'"});
    }
    wire::read_relations(entry, at, wrong);
}

// The error of an entry; one that begins with its field's pointer is told at that.
wire::WrongField wrong_at(const std::string& at, const std::string& what) {
    const std::size_t colon = what.starts_with('/') ? what.find(": ") : what.npos;
    if (colon == what.npos) return {at, "invalid", what};
    return {at + what.substr(0, colon), "invalid", what.substr(colon + 2)};
}

// What the collection's schema says. A removal describes nothing, and what stands for a stored
// secret is checked when that is filled in.
void check_described(const wire::ResourceRequest& entry, const CollectionRegistry& registry,
                     const std::string& at, std::vector<wire::WrongField>& wrong) {
    const CollectionRunner* runner = registry.find(entry.ref.collection);
    if (!runner) return;
    const schema::Schema& schema = runner->collection().schema();
    if (const auto fits = check_id(schema, entry.ref.id); !fits) {
        wrong.push_back({at + "/id", "invalid", fits.error().what});
    }
    const json::Value& body = entry.description;
    const bool describes = body.is_object() && body.string_or("ensure", "present") == "present";
    if (!describes || secrets::has_redacted(body)) return;
    for (schema::FieldError& each :
         schema.validate(without_ensure(body), schema::Mode::description)) {
        wrong.push_back(
            {at + "/description" + each.pointer, std::move(each.code), std::move(each.detail)});
    }
}

}  // namespace

Result<std::vector<wire::ResourceRequest>> decode_resources(const json::Value& resources,
                                                            bool local) {
    if (!resources.is_array()) return fail(Errc::invalid, "'resources' is not a list");
    std::vector<wire::ResourceRequest> out;
    std::vector<wire::WrongField> wrong;
    for (std::size_t i = 0; i < resources.as_array().size(); ++i) {
        const json::Value& entry = resources.as_array()[i];
        const std::string at = "/resources/" + std::to_string(i);
        const std::size_t before = wrong.size();
        if (local) check_members(entry, at, wrong);
        if (wrong.size() != before) continue;
        auto request = wire::decode_resource_request(entry);
        if (request) {
            out.push_back(std::move(*request));
        } else {
            wrong.push_back(wrong_at(at, request.error().what));
        }
    }
    if (!wrong.empty()) return fail(Errc::invalid, wire::text_of(wrong));
    return out;
}

Result<void> check_file(const std::vector<wire::ResourceRequest>& request, const HostView& host) {
    const Catalog& catalog = host.catalog;
    const CollectionRegistry& registry = host.registry;
    std::vector<wire::RelatedResource> entries;
    std::vector<wire::WrongField> wrong;
    std::set<wire::Ref> seen;
    for (std::size_t i = 0; i < request.size(); ++i) {
        const std::string at = "/resources/" + std::to_string(i);
        if (!seen.insert(request[i].ref).second) {
            wrong.push_back({at, "invalid", "the resource is there twice"});
        }
        check_described(request[i], registry, at, wrong);
        entries.push_back({request[i].ref, request[i].relations, at});
    }
    const wire::RelationLookup known{
        [&catalog](const wire::Ref& ref) {
            const CatalogEntry* entry = catalog.find(ref);
            return entry ? std::optional(entry->metadata.relations) : std::nullopt;
        },
        [&registry](const wire::Notification& notice) {
            const CollectionRunner* runner = registry.find(notice.ref.collection);
            if (!runner) return true;
            const auto actions = runner->collection().actions();
            return std::find(actions.begin(), actions.end(), notice.action) != actions.end();
        }};
    for (wire::WrongField& each : wire::check_relations(entries, known)) {
        wrong.push_back(std::move(each));
    }
    add_contradictions(request, host, wrong);
    if (wrong.empty()) return {};
    return fail(Errc::invalid, wire::text_of(wrong));
}

}  // namespace evenkeel::agent
