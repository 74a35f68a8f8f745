#pragma once

#include <optional>

#include "core/json/json.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// The right to do what must be done once in the system, whatever number of orchestrators there are:
// throwing away what is old, ending commands whose time is over. One holds it and counts it up
// through State::submit; another takes it when, by its own clock, the counter has stood still
// (lease_keeper.hpp). No clock of one machine is compared with another's.
struct Lease {
    std::string owner;          // the orchestrator that has it; empty when it was given back
    std::uint64_t term = 0;     // one more each time it is taken: what was done under an older one
                                // cannot be committed any more
    std::uint64_t counter = 0;  // one more each time it is renewed

    friend bool operator==(const Lease&, const Lease&) = default;
};
json::Value encode(const Lease& lease);
Result<Lease> decode_lease(const json::Value& value);

// The leases, by name.
class Leases : protected Repository {
  public:
    explicit Leases(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<Lease>> find(std::string_view name) const;
};

class LeaseEdits : public Leases, private RepositoryEdits {
  public:
    explicit LeaseEdits(Edit& edit);

    // Gives `owner` the lease under a new term, if it is still as it was `seen`; `conflict` when
    // it was renewed or taken meanwhile. O(1)
    Result<Lease> take(std::string_view name, const std::string& owner,
                       const std::optional<Lease>& seen);
    // Counts it up; `conflict` when it is held under another term. O(1)
    Result<void> renew(std::string_view name, std::uint64_t term);
    // Others may then take it at once. Changes nothing when it is held under another term.
    // O(1)
    Result<void> release(std::string_view name, std::uint64_t term);
    // What a work that must be done once begins with: `conflict` when the lease is not held under
    // this term any more, so that the work is undone. O(1)
    Result<Lease> require(std::string_view name, std::uint64_t term) const;

  private:
    Result<void> put(std::string_view name, const Lease& lease);
};

}  // namespace evenkeel::state
