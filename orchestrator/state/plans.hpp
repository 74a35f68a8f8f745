#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/state/plan.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

class List;

// More than these do not wait to be applied, beside the one of the system.
inline constexpr std::size_t kPendingPlansMost = 1000;

// What is known of the plans of author kSystemAuthor, of which at most one is pending.
struct SystemPlans {
    std::string last;                        // id of the newest; empty: none counts
    std::vector<std::string> replaced = {};  // ids of those in whose place came another, in order
};

// The plans. Those that are pending have a deadline, an index of its own, and their changes, which
// are sealed; of the others only what is shown is kept.
class Plans : protected Repository {
  public:
    explicit Plans(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<Plan>> find(std::string_view id) const;
    // What is shown of it, with at most `groups_most` of its groups; those left out are counted as
    // more. O(answer)
    Result<PlanContent> content(std::string_view id, std::size_t groups_most) const;
    // Nothing when it is not pending. O(1)
    Result<std::optional<std::string>> sealed_changes(std::string_view id) const;

    // Whether one that is pending has expired; the ids of those, the longest overdue first. O(1),
    // O(answer)
    Result<bool> any_overdue(std::int64_t now_ms) const;
    Result<std::vector<std::string>> overdue(std::int64_t now_ms, std::size_t most) const;

    // O(1)
    Result<SystemPlans> of_system() const;

    // In the order in which they were made.
    List list() const;
    static Result<Plan> read(const Entry& entry);
    static std::string_view id_of(const Entry& entry);
    // The groups of one that are kept, in the order in which they are shown, without the first
    // `skipped`.
    List groups(std::string_view id, std::size_t skipped) const;
    static Result<json::Value> read_group(const Entry& entry);
};

class PlanEdits : public Plans, private RepositoryEdits {
  public:
    explicit PlanEdits(Edit& edit);

    // A new one, of which plan.changed is recorded; sets its revision. `sealed_changes` is empty
    // for one that is not pending. `conflict` when kPendingPlansMost are pending, but for
    // one of the system. O(content)
    Result<void> add(Plan& plan, const PlanContent& content, std::string_view sealed_changes);
    // How it stands now: records plan.changed and sets its revision. One that is not pending any
    // more gets the time of that, and its changes are erased. O(1)
    Result<void> put(Plan& plan);
    // O(1)
    Result<void> put_of_system(const SystemPlans& plans);
    // One that is not pending. O(its parts + hosts that wait for it)
    Result<void> erase(const std::string& id);
    // Lets at most `most` of those that are overdue expire. O(answer)
    Result<void> expire(std::int64_t now_ms, std::size_t most);
    // Erases at most `most` of those that have ended: made before this time (RFC 3339), or, the
    // oldest first, beyond the first `kept`. O(those, and pending ones)
    Result<void> erase_ended(const std::string& before, std::size_t kept, std::size_t most);

  private:
    Result<void> tell(Plan& plan);
};

}  // namespace evenkeel::state
