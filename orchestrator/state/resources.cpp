#include "orchestrator/state/resources.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/wire/inventory_digest.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/mirrored_names.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/requirements.hpp"

// resources: host id, 0, store::resource_key -> Resource; tallies: host id -> ComplianceCounts;
// digests: host id -> wire::InventoryDigest
namespace evenkeel::state {
namespace {

std::int64_t& slot(ComplianceCounts& counts, wire::Verdict verdict) {
    switch (verdict) {
        case wire::Verdict::compliant:
            return counts.compliant;
        case wire::Verdict::drifted:
            return counts.drifted;
        case wire::Verdict::failed:
            return counts.failed;
        case wire::Verdict::unknown:
            break;
    }
    return counts.unknown;
}

// What a record says before everything that may have objects inside.
struct Head {
    wire::Ref ref;
    wire::Origin origin{};
    wire::Generation generation;
};

// Read without a parser; nothing where that cannot be done.
std::optional<Head> quick_head(std::string_view record) {
    record = record.substr(0, record.find(R"(,"schema_version":)"));
    const auto collection = find_text_member(record, R"({"collection":")");
    const auto id = find_text_member(record, R"(,"id":")");
    const auto origin = find_text_member(record, R"(,"origin":")");
    const auto stream = find_text_member(record, R"(,"generation":{"stream":")");
    if (!collection || !id || !origin || !stream) return std::nullopt;
    if (id->find('\\') != std::string_view::npos) return std::nullopt;  // an escape
    constexpr std::string_view kRevision = R"(","revision":)";
    record.remove_prefix(static_cast<std::size_t>(stream->end() - record.begin()));
    if (!record.starts_with(kRevision)) return std::nullopt;
    record.remove_prefix(kRevision.size());
    const auto revision = parse_number(record.substr(0, record.find('}')));
    const auto from = wire::origin_from(*origin);
    if (!revision || !from) return std::nullopt;
    return Head{.ref = {std::string(*collection), std::string(*id)},
                .origin = *from,
                .generation = {.stream = std::string(*stream), .revision = *revision}};
}

Result<Head> head_of(std::string_view record) {
    if (auto head = quick_head(record)) return *std::move(head);
    Resource resource = EK_TRY(decode_record(record, decode_resource));
    return Head{std::move(resource.ref), resource.origin, std::move(resource.generation)};
}

}  // namespace

Resources View::resources() const {
    return Resources(*this);
}

ResourceEdits Edit::resources() {
    return ResourceEdits(*this);
}

Result<std::optional<Resource>> Resources::find(std::string_view host, const wire::Ref& ref) const {
    return find_record<Resource>(*txn_, tables_->resources, resource_key(host, ref),
                                 decode_resource);
}

Result<ComplianceCounts> Resources::counts(std::string_view host) const {
    const auto record = EK_TRY(txn_->get(tables_->tallies, host));
    return record ? decode_counts(EK_TRY(parse_record(*record))) : ComplianceCounts{};
}

Result<void> Resources::each(std::string_view host,
                             const std::function<bool(Resource)>& visit) const {
    return each_record<Resource>(*txn_, tables_->resources, store::Range::prefix(host_prefix(host)),
                                 decode_resource, visit);
}

Result<void> Resources::each_generation(
    std::string_view host, const std::function<bool(wire::Ref, wire::Generation)>& visit) const {
    Result<void> read;
    EK_CHECK(txn_->scan(tables_->resources, store::Range::prefix(host_prefix(host)),
                        [&](std::string_view, std::string_view record) {
                            auto head = head_of(record);
                            if (!head) read = fail(head.error());
                            if (!head) return false;
                            return head->origin != wire::Origin::orchestrator ||
                                   visit(std::move(head->ref), std::move(head->generation));
                        }));
    return read;
}

Result<wire::InventoryDigest> Resources::digest(std::string_view host) const {
    const auto bytes = EK_TRY(txn_->get(tables_->digests, host));
    if (!bytes) return wire::InventoryDigest();
    auto digest = wire::InventoryDigest::from_bytes(*bytes);
    if (!digest) return damaged_record(digest.error().what);
    return digest;
}

Result<bool> Resources::has_any(std::string_view host, std::string_view collection) const {
    const auto range = store::Range::collection(collection, host_prefix(host));
    return EK_TRY(txn_->first(tables_->resources, range)).has_value();
}

List Resources::list() const {
    return Record::list(tables_->resources);
}

List Resources::list(std::string_view host) const {
    return Record::list(tables_->resources, store::Range::prefix(host_prefix(host)));
}

List Resources::list(std::string_view host, std::string_view collection) const {
    return Record::list(tables_->resources,
                        store::Range::collection(collection, host_prefix(host)));
}

Result<Resource> Resources::read(const Entry& entry) {
    return Record::decode<Resource>(entry, decode_resource);
}

bool Resources::peek(const Entry& entry, const FieldNames& names, FieldValues& values) {
    for (const std::string_view name : names) {
        if (name.starts_with("description")) return false;
    }
    if (!Record::peek(Record::text(entry), names, values, {"observed_at"})) return false;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == "overrides" && values[i].is_null()) values[i] = false;
    }
    return true;
}

std::string_view Resources::host_of(const Entry& entry) {
    return entry.position().substr(0, entry.position().find('\0'));
}

std::string_view Resources::collection_of(const Entry& entry) {
    const std::string_view rest = entry.position().substr(host_of(entry).size() + 1);
    return rest.substr(0, rest.find('\0'));
}

Result<wire::Ref> Resources::ref_of(const Entry& entry) {
    const json::Value record = EK_TRY(parse_record(Record::text(entry)));
    return wire::Ref{record.string_or("collection"), record.string_or("id")};
}

std::string Resources::position_of(std::string_view host, const wire::Ref& ref) {
    return resource_key(host, ref);
}

std::string Resources::positions_of(std::string_view host) {
    return host_prefix(host);
}

ResourceEdits::ResourceEdits(Edit& edit) : Resources(edit), RepositoryEdits(edit) {}

Result<void> ResourceEdits::put(std::string_view host, const Resource* before,
                                const Resource& resource) {
    EK_CHECK(count(host, before, &resource));
    EK_CHECK(digest_change(host, before, &resource));
    EK_CHECK(require(host, resource.ref, before, &resource));
    return put_record(*write_, tables_->resources, resource_key(host, resource.ref),
                      encode(resource));
}

Result<void> ResourceEdits::describe(std::string_view host, const Resource* before,
                                     Resource& resource, json::Value description, std::string mac) {
    resource.description_mac = std::move(mac);
    BodyEdits bodies = edit_->bodies();
    resource.body = EK_TRY(bodies.add({.ref = resource.ref,
                                       .generation = resource.generation,
                                       .description = std::move(description),
                                       .arguments = "",
                                       .policy = resource.policy,
                                       .relations = resource.relations,
                                       .origin = resource.origin,
                                       .schema_version = resource.schema_version,
                                       .written_at = now_rfc3339()}));
    // A host may tell of one of its own descriptions again: that is no generation more.
    const bool is_newer = !before || before->generation != resource.generation;
    EK_CHECK(bodies.hold(host, resource.ref, resource.body, is_newer));
    return put(host, before, resource);
}

Result<void> ResourceEdits::erase(std::string_view host, const Resource& before) {
    EK_CHECK(count(host, &before, nullptr));
    EK_CHECK(digest_change(host, &before, nullptr));
    EK_CHECK(edit_->bodies().drop(host, before.ref));
    EK_CHECK(edit_->mirrored_names().put(host, before.ref, {}));
    EK_CHECK(require(host, before.ref, &before, nullptr));
    EK_CHECK(write_->erase(tables_->resources, resource_key(host, before.ref)));
    return {};
}

Result<void> ResourceEdits::require(std::string_view host, const wire::Ref& ref,
                                    const Resource* from, const Resource* to) {
    static const std::vector<wire::Ref> kNone;
    return edit_->requirements().put(host, ref, from ? from->relations.required : kNone,
                                     to ? to->relations.required : kNone);
}

Result<void> ResourceEdits::count(std::string_view host, const Resource* from, const Resource* to) {
    if (from && to && from->compliance.status == to->compliance.status) return {};
    ComplianceCounts counts = EK_TRY(Resources::counts(host));
    if (from) --slot(counts, from->compliance.status);
    if (to) ++slot(counts, to->compliance.status);
    return put_record(*write_, tables_->tallies, host, encode(counts));
}

Result<void> ResourceEdits::digest_change(std::string_view host, const Resource* from,
                                          const Resource* to) {
    if (from && from->origin != wire::Origin::orchestrator) from = nullptr;
    if (to && to->origin != wire::Origin::orchestrator) to = nullptr;
    if (from == to || (from && to && from->generation == to->generation)) return {};
    wire::InventoryDigest digest = EK_TRY(Resources::digest(host));
    if (from) digest.remove(from->ref, from->generation);
    if (to) digest.add(to->ref, to->generation);
    return write_->put(tables_->digests, host, digest.bytes());
}

}  // namespace evenkeel::state
