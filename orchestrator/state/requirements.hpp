#pragma once

#include <functional>
#include <vector>

#include "core/wire/resource.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

class State;

// Which descriptions of a host require which others: kept so that those that require a resource are
// found without reading all that the host describes.
class Requirements : protected Repository {
  public:
    explicit Requirements(const View& view) : Repository(view) {}

    // The described resources that require this one, but those that are being removed. False ends
    // it. O(answer)
    Result<void> each_dependent(std::string_view host, const wire::Ref& required,
                                const std::function<bool(const wire::Ref&)>& visit) const;
    // Whether those of descriptions that an older program stored are among them. O(1)
    Result<bool> is_complete() const;
};

class RequirementEdits : public Requirements, private RepositoryEdits {
  public:
    explicit RequirementEdits(Edit& edit);

    // `from` required `before`, and requires `now` from now on. Writes what differs. O(both)
    Result<void> put(std::string_view host, const wire::Ref& from,
                     const std::vector<wire::Ref>& before, const std::vector<wire::Ref>& now);

    // Keeps what the store of an older program lacks, and remembers that it is done. Reads all
    // resources the first time, and one number after that.
    Result<void> complete();
};

// RequirementEdits::complete() as a change of its own. A store that is full is tried again at the
// next start; until then what is required by older descriptions may be forgotten.
Result<void> complete_requirements(State& state);

}  // namespace evenkeel::state
