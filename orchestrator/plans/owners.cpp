#include "orchestrator/plans/owners.hpp"

namespace evenkeel::plans {

std::vector<compile::Owner> to_compile_owners(const std::vector<state::Owner>& owners) {
    std::vector<compile::Owner> converted;
    for (const state::Owner& owner : owners) {
        converted.push_back({owner.assignment, owner.application, owner.version,
                             owner.on_leave == state::OnLeave::remove ? compile::OnLeave::remove
                                                                      : compile::OnLeave::forget});
    }
    return converted;
}

std::vector<state::Owner> to_state_owners(const std::vector<compile::Owner>& owners) {
    std::vector<state::Owner> converted;
    for (const compile::Owner& owner : owners) {
        converted.push_back({owner.assignment, owner.application, owner.version,
                             owner.on_leave == compile::OnLeave::remove ? state::OnLeave::remove
                                                                        : state::OnLeave::forget});
    }
    return converted;
}

}  // namespace evenkeel::plans
