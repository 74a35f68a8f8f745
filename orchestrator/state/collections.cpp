#include "orchestrator/state/collections.hpp"

#include <algorithm>
#include <map>

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/to_compile.hpp"

// collections: host id, 0, name -> Collection; schemas: SHA-256 -> text
namespace evenkeel::state {
namespace {

// As the table has them: by name, of those with the same name the last.
std::vector<Collection> in_order(const std::vector<Collection>& all) {
    std::map<std::string_view, const Collection*> by_name;
    for (const Collection& one : all) by_name[one.name] = &one;
    std::vector<Collection> ordered;
    for (const auto& [name, one] : by_name) ordered.push_back(*one);
    return ordered;
}

}  // namespace

Collections View::collections() const {
    return Collections(*this);
}

CollectionEdits Edit::collections() {
    return CollectionEdits(*this);
}

Result<std::vector<Collection>> Collections::of(std::string_view host) const {
    std::vector<Collection> found;
    EK_CHECK(each_record<Collection>(*txn_, tables_->collections,
                                     store::Range::prefix(host_prefix(host)), decode_collection,
                                     [&](Collection one) {
                                         found.push_back(std::move(one));
                                         return true;
                                     }));
    return found;
}

Result<std::optional<Collection>> Collections::find(std::string_view host,
                                                    std::string_view name) const {
    return find_record<Collection>(*txn_, tables_->collections, host_key(host, name),
                                   decode_collection);
}

Result<std::optional<std::string>> Collections::schema(std::string_view sha256) const {
    return txn_->get(tables_->schemas, sha256);
}

List Collections::list(std::string_view host) const {
    return Record::list(tables_->collections, store::Range::prefix(host_prefix(host)));
}

Result<Collection> Collections::read(const Entry& entry) {
    return Record::decode<Collection>(entry, decode_collection);
}

std::string_view Collections::name_of(const Entry& entry) {
    return entry.position().substr(entry.position().find('\0') + 1);
}

std::string Collections::positions_of(std::string_view host) {
    return host_prefix(host);
}

CollectionEdits::CollectionEdits(Edit& edit) : Collections(edit), RepositoryEdits(edit) {}

Result<void> CollectionEdits::replace(const std::string& host, const std::vector<Collection>& all) {
    if (EK_TRY(of(host)) == in_order(all)) return {};
    EK_CHECK(
        write_->erase(tables_->collections, store::Range::prefix(host_prefix(host)), SIZE_MAX));
    for (const Collection& one : all) {
        EK_CHECK(put_record(*write_, tables_->collections, host_key(host, one.name), encode(one)));
    }
    return edit_->to_compile().put(host, {std::string(kCollections)});
}

Result<void> CollectionEdits::put_schema(const std::string& sha256, std::string_view text) {
    if (EK_TRY(schema(sha256))) return {};
    EK_CHECK(write_->put(tables_->schemas, sha256, text));
    std::vector<std::string> hosts;
    EK_CHECK(edit_->to_compile().each([&hosts](std::string_view host, const HostToCompile&) {
        hosts.emplace_back(host);
        return true;
    }));
    for (const std::string& host : hosts) {
        const auto all = EK_TRY(of(host));
        const bool has_it = std::any_of(all.begin(), all.end(), [&sha256](const Collection& one) {
            return one.schema_sha256 == sha256;
        });
        if (has_it) EK_CHECK(edit_->to_compile().put(host, {std::string(kCollections)}));
    }
    return {};
}

}  // namespace evenkeel::state
