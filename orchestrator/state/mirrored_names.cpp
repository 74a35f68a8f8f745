#include "orchestrator/state/mirrored_names.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/crypto/hash.hpp"
#include "core/json/json.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// mirrored_names: host id, 0, "f", SHA-256 of a resource's key -> what it names, as refs;
// host id, 0, "t", SHA-256 of the named one's key, SHA-256 of the naming one's -> the naming one
namespace evenkeel::state {
namespace {

std::string hash_of(const wire::Ref& ref) {
    return crypto::sha256(store::resource_key(ref.collection, ref.id));
}

std::string from_key(std::string_view host, const wire::Ref& from) {
    return host_key(host, "f" + hash_of(from));
}

std::string to_prefix(std::string_view host, const wire::Ref& named) {
    return host_key(host, "t" + hash_of(named));
}

json::Value encode_ref(const wire::Ref& ref) {
    return json::Object{{"collection", ref.collection}, {"id", ref.id}};
}

wire::Ref decode_ref(const json::Value& record) {
    return {record.string_or("collection"), record.string_or("id")};
}

std::vector<wire::Ref> decode_refs(const json::Value& record) {
    std::vector<wire::Ref> refs;
    if (!record["names"].is_array()) return refs;
    for (const json::Value& item : record["names"].as_array()) refs.push_back(decode_ref(item));
    return refs;
}

}  // namespace

MirroredNames View::mirrored_names() const {
    return MirroredNames(*this);
}

MirroredNameEdits Edit::mirrored_names() {
    return MirroredNameEdits(*this);
}

Result<bool> MirroredNames::names(std::string_view host, const wire::Ref& from,
                                  const wire::Ref& named) const {
    const auto record =
        EK_TRY(txn_->get(tables_->mirrored_names, to_prefix(host, named) + hash_of(from)));
    return record.has_value();
}

Result<void> MirroredNames::each_naming(std::string_view host, const wire::Ref& named,
                                        const std::function<bool(const wire::Ref&)>& visit) const {
    Result<void> read;
    EK_CHECK(txn_->scan(tables_->mirrored_names, store::Range::prefix(to_prefix(host, named)),
                        [&](std::string_view, std::string_view text) {
                            const auto record = parse_record(text);
                            if (!record) read = fail(record.error());
                            return record && visit(decode_ref(*record));
                        }));
    return read;
}

MirroredNameEdits::MirroredNameEdits(Edit& edit) : MirroredNames(edit), RepositoryEdits(edit) {}

Result<void> MirroredNameEdits::put(std::string_view host, const wire::Ref& from,
                                    const std::vector<wire::Ref>& named) {
    const store::Table& table = tables_->mirrored_names;
    const std::string key = from_key(host, from);
    std::vector<wire::Ref> before;
    if (const auto record = EK_TRY(write_->get(table, key)))
        before = decode_refs(EK_TRY(parse_record(*record)));
    if (before == named) return {};
    std::vector<wire::Ref> gone, fresh;
    std::set_difference(before.begin(), before.end(), named.begin(), named.end(),
                        std::back_inserter(gone));
    std::set_difference(named.begin(), named.end(), before.begin(), before.end(),
                        std::back_inserter(fresh));
    const std::string own = hash_of(from);
    for (const wire::Ref& ref : gone) EK_CHECK(write_->erase(table, to_prefix(host, ref) + own));
    for (const wire::Ref& ref : fresh)
        EK_CHECK(put_record(*write_, table, to_prefix(host, ref) + own, encode_ref(from)));
    if (named.empty()) {
        EK_CHECK(write_->erase(table, key));
        return {};
    }
    json::Array names;
    for (const wire::Ref& ref : named) names.push_back(encode_ref(ref));
    return put_record(*write_, table, key, json::Object{{"names", std::move(names)}});
}

}  // namespace evenkeel::state
