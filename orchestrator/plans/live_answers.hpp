#pragma once

#include <string>
#include <utility>
#include <vector>

#include "orchestrator/plans/live_questions.hpp"
#include "orchestrator/state/plan.hpp"
#include "orchestrator/state/plan_answers.hpp"

// What hosts have answered when they were asked for their dry run. [any]
namespace evenkeel::plans {

inline constexpr std::size_t kUnaskedMost = 1000;       // that are named
inline constexpr std::size_t kLiveBytesMost = 2 << 20;  // of all answers; the same of the groups'
inline constexpr std::size_t kLiveAnswersMost = 10;     // different ones, of a resource of a group

// Puts the answers beside what the plan says: into `live` of the resources of `content.groups`,
// which are those of the trial, hosts that answer the same as one and without the text of files;
// and into `content.unasked`. Returns the rest, with each host's own, sealed. O(answers)
state::HostAnswers put_answers(const Trial& trial, const std::string& plan,
                               const secrets::Protector& protector, std::vector<LiveHost> hosts,
                               std::vector<std::pair<std::string, Unasked>> unasked,
                               std::uint64_t more_unasked, state::PlanContent& content);

// Puts what the host had answered, as it was kept, beside what the plan does to it, as
// try_on_host() shows it: `live` of the resources, and of the host as a whole. `has_text`: with the
// text of files.
Result<void> show_answer(const secrets::Protector& protector, const std::string& plan,
                         const std::string& sealed, bool has_text, json::Value& host);

}  // namespace evenkeel::plans
