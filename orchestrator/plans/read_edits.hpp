#pragma once

#include <vector>

#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/trial.hpp"

namespace evenkeel::plans {

struct EditRequest;

struct ReadEdits {
    Edits edits;
    std::vector<model::WrongChange> wrong;  // when there are any, the rest is of no use
};
// What a request comes to in this moment. Fails when the store does not read: that is nothing wrong
// with the request. O(changes) [any]
Result<ReadEdits> read_edits(const EditRequest& request, const model::Model& model,
                             const state::View& view, const secrets::Protector& protector);

}  // namespace evenkeel::plans
