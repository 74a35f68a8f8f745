#pragma once

#include <functional>
#include <vector>

#include "core/wire/resource.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// Which descriptions of a host name which other resources in a list that x-ek-mirrors: kept so that
// those that name a resource are found without reading all that the host describes. What is found
// is to be read before it is believed: a description from before these names were kept has none.
class MirroredNames : protected Repository {
  public:
    explicit MirroredNames(const View& view) : Repository(view) {}

    // Whether `from` names `named`. O(1)
    Result<bool> names(std::string_view host, const wire::Ref& from, const wire::Ref& named) const;
    // What names this resource. False ends it. O(answer)
    Result<void> each_naming(std::string_view host, const wire::Ref& named,
                             const std::function<bool(const wire::Ref&)>& visit) const;
};

class MirroredNameEdits : public MirroredNames, private RepositoryEdits {
  public:
    explicit MirroredNameEdits(Edit& edit);

    // What `from` names from now on, sorted. Writes what differs. O(names)
    Result<void> put(std::string_view host, const wire::Ref& from,
                     const std::vector<wire::Ref>& named);
};

}  // namespace evenkeel::state
