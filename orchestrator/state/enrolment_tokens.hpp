#pragma once

#include <optional>
#include <string_view>

#include "orchestrator/state/repository.hpp"
#include "orchestrator/state/token.hpp"

namespace evenkeel::state {

class List;

// The tokens that hosts enrol with.
class EnrolmentTokens : protected Repository {
  public:
    explicit EnrolmentTokens(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<EnrolmentToken>> find(std::string_view id) const;

    // By id.
    List list() const;
    static Result<EnrolmentToken> read(const Entry& entry);
};

class EnrolmentTokenEdits : public EnrolmentTokens, private RepositoryEdits {
  public:
    explicit EnrolmentTokenEdits(Edit& edit);

    // O(1)
    Result<void> put(const EnrolmentToken& token);
    Result<void> erase(std::string_view id);
};

}  // namespace evenkeel::state
