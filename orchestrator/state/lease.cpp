#include "orchestrator/state/lease.hpp"

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// leases: name -> Lease
namespace evenkeel::state {

json::Value encode(const Lease& lease) {
    return json::Object{{"owner", lease.owner}, {"term", lease.term}, {"counter", lease.counter}};
}

Result<Lease> decode_lease(const json::Value& value) {
    const std::int64_t term = value.integer_or("term", -1);
    if (term < 0) return fail(Errc::corrupt, "a lease's record has no term");
    return Lease{.owner = value.string_or("owner"),
                 .term = static_cast<std::uint64_t>(term),
                 .counter = static_cast<std::uint64_t>(value.integer_or("counter"))};
}

Leases View::leases() const {
    return Leases(*this);
}

LeaseEdits Edit::leases() {
    return LeaseEdits(*this);
}

Result<std::optional<Lease>> Leases::find(std::string_view name) const {
    return find_record<Lease>(*txn_, tables_->leases, name, decode_lease);
}

LeaseEdits::LeaseEdits(Edit& edit) : Leases(edit), RepositoryEdits(edit) {}

Result<void> LeaseEdits::put(std::string_view name, const Lease& lease) {
    return put_record(*write_, tables_->leases, name, encode(lease));
}

Result<Lease> LeaseEdits::take(std::string_view name, const std::string& owner,
                               const std::optional<Lease>& seen) {
    if (EK_TRY(find(name)) != seen) {
        return fail(Errc::conflict, "the lease " + std::string(name) + " has moved on");
    }
    const Lease taken{.owner = owner, .term = seen ? seen->term + 1 : 1, .counter = 0};
    EK_CHECK(put(name, taken));
    return taken;
}

Result<Lease> LeaseEdits::require(std::string_view name, std::uint64_t term) const {
    auto lease = EK_TRY(find(name));
    if (!lease || lease->term != term || lease->owner.empty()) {
        return fail(Errc::conflict, "the lease " + std::string(name) + " is held by another");
    }
    return *std::move(lease);
}

Result<void> LeaseEdits::renew(std::string_view name, std::uint64_t term) {
    Lease lease = EK_TRY(require(name, term));
    ++lease.counter;
    return put(name, lease);
}

Result<void> LeaseEdits::release(std::string_view name, std::uint64_t term) {
    auto lease = require(name, term);
    if (!lease) return {};
    lease->owner.clear();
    return put(name, *lease);
}

}  // namespace evenkeel::state
