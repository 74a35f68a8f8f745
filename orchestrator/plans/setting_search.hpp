#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "orchestrator/plans/touched.hpp"

namespace evenkeel::plans {

// The hosts of the reach that are in the scope too; nothing if there can be none. The environment
// of a single host is not looked up.
std::optional<Reach> within_scope(Reach reach, const compile::Scope& scope);

// The hosts whose settings change with that of a place, in either of two models. Pure. [any]
class SettingSearch {
  public:
    // All outlive it. What is found is added to `touched`.
    SettingSearch(const ModelIndex& before, const ModelIndex& after, TouchedHosts& touched)
        : before_(before), after_(after), touched_(touched) {}

    // Also of each setting whose links lead to the place.
    void from(ModelIndex::PlaceKey place);
    // All these places so far.
    const std::set<ModelIndex::PlaceKey>& places() const { return seen_; }

  private:
    void add_users(const ModelIndex& index, const ModelIndex::PlaceKey& place);
    void add_user(const ModelIndex& index, const compile::Application& user,
                  const compile::Scope& scope);

    const ModelIndex& before_;
    const ModelIndex& after_;
    TouchedHosts& touched_;
    std::set<ModelIndex::PlaceKey> seen_;
};

}  // namespace evenkeel::plans
