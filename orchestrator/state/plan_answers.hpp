#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json/json.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// What hosts have answered that were asked for their dry run of a plan. What each has answered goes
// when the plan is not pending any more, see PlanEdits::put(), and the rest with the plan.
struct HostAnswers {
    json::Value live = {};           // {"asked","answered"}; null when no host was asked
    std::uint64_t more_unasked = 0;  // beside those that PlanContent names
    // Sealed, by the host's id. Not read back: see PlanAnswers::sealed().
    std::vector<std::pair<std::string, std::string>> answers = {};
};

class PlanAnswers : protected Repository {
  public:
    explicit PlanAnswers(const View& view) : Repository(view) {}

    // Empty for a plan for which none was asked. O(1)
    Result<HostAnswers> of(std::string_view plan) const;
    // What the host has answered. O(1)
    Result<std::optional<std::string>> sealed(std::string_view plan, std::string_view host) const;
};

class PlanAnswerEdits : public PlanAnswers, private RepositoryEdits {
  public:
    explicit PlanAnswerEdits(Edit& edit);

    // O(answers)
    Result<void> put(const std::string& plan, const HostAnswers& answers);
    // Those of the hosts. O(answers)
    Result<void> forget(const std::string& plan);
};

}  // namespace evenkeel::state
