#include "orchestrator/state/resources.hpp"

#include "orchestrator/state/records.hpp"
#include "orchestrator/state/view.hpp"

// resources: host id, 0, store::resource_key -> Resource; tallies: host id -> ComplianceCounts
namespace evenkeel::state {

Resources View::resources() const {
    return Resources(*this);
}

Result<void> Resources::each(std::string_view host,
                             const std::function<bool(Resource)>& visit) const {
    return each_record<Resource>(*txn_, tables_->resources, store::Range::prefix(host_prefix(host)),
                                 decode_resource, visit);
}

Result<bool> Resources::has_any(std::string_view host, std::string_view collection) const {
    const auto range = store::Range::collection(collection, host_prefix(host));
    return EK_TRY(txn_->first(tables_->resources, range)).has_value();
}

Result<void> Resources::each_counted_host(
    const std::function<void(std::string_view)>& visit) const {
    return txn_->scan(tables_->tallies, store::Range::all(),
                      [&](std::string_view host, std::string_view) {
                          visit(host);
                          return true;
                      });
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

std::string_view Resources::host_of(const Entry& entry) {
    return entry.position().substr(0, entry.position().find('\0'));
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

}  // namespace evenkeel::state
