#pragma once

#include <optional>

#include "orchestrator/state/repository.hpp"
#include "orchestrator/state/token.hpp"

namespace evenkeel::state {

class List;

// The tokens of the REST API. A revoked or expired token is kept a while, so that the list shows
// past access.
class Tokens : protected Repository {
  public:
    explicit Tokens(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<ApiToken>> find(std::string_view id) const;
    // Whether an administrator's token counts at this time, other than `except`. What does not read
    // counts for nothing. O(tokens)
    Result<bool> has_admin(std::int64_t now_ms, std::string_view except = "") const;

    // By id.
    List list() const;
    static Result<ApiToken> read(const Entry& entry);
};

class TokenEdits : public Tokens, private RepositoryEdits {
  public:
    explicit TokenEdits(Edit& edit);

    // O(1)
    Result<void> put(const ApiToken& token);
    // Erases at most `most` of those that ceased to count before this time. O(tokens)
    Result<void> erase_ended(std::int64_t before_ms, std::size_t most);
};

}  // namespace evenkeel::state
