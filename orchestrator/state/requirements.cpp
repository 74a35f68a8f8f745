#include "orchestrator/state/requirements.hpp"

#include <algorithm>
#include <string>

#include "core/base/log.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/state.hpp"

// mirrored_names: host id, 0, "r", SHA-256 of the required one's key, SHA-256 of the requiring
// one's -> the requiring one. counters: "requirements" is 1 once every resource has its rows.
namespace evenkeel::state {
namespace {

constexpr const char* kComplete = "requirements";

std::string hash_of(const wire::Ref& ref) {
    return crypto::sha256(store::resource_key(ref.collection, ref.id));
}

std::string prefix_of(std::string_view host, const wire::Ref& required) {
    return host_key(host, "r" + hash_of(required));
}

json::Value encode_ref(const wire::Ref& ref) {
    return json::Object{{"collection", ref.collection}, {"id", ref.id}};
}

bool is_in(const std::vector<wire::Ref>& refs, const wire::Ref& ref) {
    return std::find(refs.begin(), refs.end(), ref) != refs.end();
}

}  // namespace

Requirements View::requirements() const {
    return Requirements(*this);
}

RequirementEdits Edit::requirements() {
    return RequirementEdits(*this);
}

// A row only says where to look: a program from before these rows leaves them as they were.
Result<void> Requirements::each_dependent(
    std::string_view host, const wire::Ref& required,
    const std::function<bool(const wire::Ref&)>& visit) const {
    std::vector<wire::Ref> rows;
    Result<void> read;
    EK_CHECK(txn_->scan(
        tables_->mirrored_names, store::Range::prefix(prefix_of(host, required)),
        [&](std::string_view, std::string_view text) {
            const auto record = parse_record(text);
            if (!record) read = fail(record.error());
            else rows.push_back({record->string_or("collection"), record->string_or("id")});
            return read.has_value();
        }));
    EK_CHECK(read);
    for (const wire::Ref& from : rows) {
        const auto resource = EK_TRY(find_record<Resource>(
            *txn_, tables_->resources, resource_key(host, from), decode_resource));
        if (!resource || resource->removing) continue;
        if (is_in(resource->relations.required, required) && !visit(from)) return {};
    }
    return {};
}

Result<bool> Requirements::is_complete() const {
    return EK_TRY(read_counter(*txn_, *tables_, kComplete)) != 0;
}

RequirementEdits::RequirementEdits(Edit& edit) : Requirements(edit), RepositoryEdits(edit) {}

Result<void> RequirementEdits::put(std::string_view host, const wire::Ref& from,
                                   const std::vector<wire::Ref>& before,
                                   const std::vector<wire::Ref>& now) {
    if (before == now) return {};
    const store::Table& table = tables_->mirrored_names;
    const std::string own = hash_of(from);
    for (const wire::Ref& ref : before) {
        if (!is_in(now, ref)) EK_CHECK(write_->erase(table, prefix_of(host, ref) + own));
    }
    for (const wire::Ref& ref : now) {
        if (is_in(before, ref)) continue;
        EK_CHECK(put_record(*write_, table, prefix_of(host, ref) + own, encode_ref(from)));
    }
    return {};
}

Result<void> RequirementEdits::complete() {
    if (EK_TRY(is_complete())) return {};
    struct Requiring {
        std::string host;
        Resource resource;
    };
    std::vector<Requiring> all;
    Result<void> read;
    EK_CHECK(txn_->scan(
        tables_->resources, store::Range::all(), [&](std::string_view key, std::string_view text) {
            // Most require nothing, and need not be decoded to know it.
            if (text.find("\"requires\"") == text.npos) return true;
            auto resource = decode_record<Resource>(text, decode_resource);
            if (!resource) read = fail(resource.error());
            else all.push_back({std::string(key.substr(0, key.find('\0'))), *std::move(resource)});
            return read.has_value();
        }));
    EK_CHECK(read);
    for (const auto& [host, resource] : all)
        EK_CHECK(put(host, resource.ref, {}, resource.relations.required));
    return write_counter(*write_, *tables_, kComplete, 1);
}

Result<void> complete_requirements(State& state) {
    {
        const Snapshot view = EK_TRY(state.read());
        if (EK_TRY(view.requirements().is_complete())) return {};
    }
    const auto complete = [](Edit& edit) { return edit.requirements().complete(); };
    const auto done = state.run(complete);
    if (done || done.error().code != Errc::limit) return done;
    log::warning("not every description is known by what it requires",
                 {{"error", done.error().what}});
    return {};
}

}  // namespace evenkeel::state
