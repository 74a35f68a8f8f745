#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

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

// What an edit of the model would do to hosts.
struct Trial {
    std::shared_ptr<const ModelIndex> after;
    std::vector<std::string> touched;  // ids of hosts that are to be compiled again
    Summary summary;
    GroupList groups;
    // Hosts that have compiled and would not any more, by their errors.
    std::vector<ErrorGroup> broken;

    // {"summary","groups","errors"} of a plan, secrets redacted.
    json::Value shown() const;
};

// Compiles every host that the edit touches. O(touched hosts), off the loop. Fails when the
// store does not read, and is `cancelled` once `stops` is set.
Result<Trial> try_edit(const state::View& view, const secrets::Protector& protector,
                       const state::SchemaCache& schemas, const ModelIndex& before,
                       model::Model after, const std::vector<model::ObjectWrite>& writes,
                       const std::atomic<bool>& stops);

}  // namespace evenkeel::plans
