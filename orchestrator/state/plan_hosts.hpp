#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

struct Command;

// How far the hosts of an applied plan are.
struct PlanTally {
    std::uint64_t hosts = 0;  // the sum of the others
    std::uint64_t waiting = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
};

// Host id -> ids of commands that have not ended.
using CommandsOfHosts = std::map<std::string, std::vector<std::string>>;

// One host of one plan.
struct WaitingHost {
    std::uint64_t commands = 0;  // that have not ended
    bool is_released = false;
    bool has_failed = false;
};

// The hosts of applied plans that are not done yet. A host waits until it was released after the
// plan was applied and all commands of that have ended; it fails when it does not compile, is
// retired, or one of these commands does not succeed. A command that is superseded hands over to
// the one that takes its place. Each step is written in the transaction of its cause, so that no
// kill loses one.
class PlanHosts : protected Repository {
  public:
    explicit PlanHosts(const View& view) : Repository(view) {}

    // All zero for a plan without hosts. O(1)
    Result<PlanTally> tally(std::string_view plan) const;
    // O(1)
    Result<bool> is_waiting(std::string_view plan, std::string_view host) const;
    // By id, from the first past `after` on; false ends it. O(answer)
    Result<void> each_waiting(std::string_view plan, std::string_view after,
                              const std::function<bool(std::string_view host)>& visit) const;
};

class PlanHostEdits : public PlanHosts, private RepositoryEdits {
  public:
    explicit PlanHostEdits(Edit& edit);

    // The plan is applied now; each of the hosts waits to be released, and for those `commands`
    // that were made for it already. O(hosts + commands)
    Result<void> begin(const std::string& plan, const std::vector<std::string>& hosts,
                       const CommandsOfHosts& commands);

    // The host was released by these commands; `is_all`: nothing is left to release. All plans that
    // waited for it wait for the commands from now on. O(those plans x commands)
    Result<void> released(const std::string& host, const std::vector<std::string>& commands,
                          bool is_all);
    // The host will not be released. O(plans that waited for it)
    Result<void> refused(const std::string& host);
    // O(its entries + plans that wait for it)
    Result<void> command_ended(const Command& command);

    // Before the parts of a plan are erased. O(hosts that wait)
    Result<void> forget(const std::string& plan);

  private:
    Result<std::string> find_successor(const Command& command) const;
    Result<std::optional<WaitingHost>> find(const std::string& host, const std::string& plan) const;
    Result<std::vector<std::string>> plans_waiting(std::string_view host,
                                                   std::string_view command) const;
    Result<void> wait_for(const std::string& host, const std::string& command,
                          const std::string& plan, WaitingHost& waiting);
    Result<void> keep_or_end(const std::string& host, const std::string& plan,
                             const WaitingHost& waiting);
    Result<void> end(const std::string& host, const std::string& plan, bool has_succeeded);
};

}  // namespace evenkeel::state
