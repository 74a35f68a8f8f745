#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/plans/edited_hosts.hpp"
#include "orchestrator/plans/groups.hpp"
#include "orchestrator/plans/model_index.hpp"

namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class SchemaCache;
class View;
}  // namespace evenkeel::state

namespace evenkeel::plans {

// What an edit would do to hosts.
struct Trial {
    std::shared_ptr<const ModelIndex> after;
    std::vector<std::string> touched;  // ids of hosts that are to be compiled again
    // What is forgotten or removed of which of them, by id: state::going_code().
    std::map<std::string, std::set<std::string>> going;
    // In which environment hosts were found that are edited themselves, by id.
    std::map<std::string, std::string> edited_in;
    // Because of which the edit must be a plan that somebody else approves.
    std::set<std::string> protected_environments;
    std::vector<std::string> planned;  // of those on which something differs or does not compile
    std::vector<PlannedHost> changed;  // of those on which something is done
    Summary summary;
    GroupList groups;
    // Hosts that have compiled and would not any more, by their errors.
    std::vector<ErrorGroup> broken;
    std::string hash;  // of what it does to hosts: 64 hex digits, see PlanHash

    // {"hash","summary","groups","errors"} of a plan, secrets redacted; at most kGroupsMost groups.
    json::Value shown() const;
};

// Whether what was tried out may be done only by a plan that somebody else than its author has
// approved.
bool requires_approval(const Trial& trial);

// What an edit changes.
struct Edits {
    model::Model after;
    std::vector<model::ObjectWrite> writes;
    EditedHosts hosts = {};
    bool releases_held = false;
};

// Compiles every host that the edit touches, as it leaves them. O(touched hosts), where a host is
// changed whom rules about peers may find O(hosts); off the loop. Fails when the store does not
// read, and is `cancelled` once `stops` is set.
Result<Trial> try_edit(const state::View& view, const secrets::Protector& protector,
                       const state::SchemaCache& schemas, const ModelIndex& before, Edits edits,
                       const std::atomic<bool>& stops);

}  // namespace evenkeel::plans
