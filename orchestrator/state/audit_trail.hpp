#pragma once

#include "core/crypto/record_chain.hpp"
#include "core/json/json.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

class List;

// The audit: what was changed, by whom and why, each record chained to the one before it by its
// hash. Edit::audit appends to it.
class AuditTrail : protected Repository {
  public:
    explicit AuditTrail(const View& view) : Repository(view) {}

    // The last record, and the one behind which those that are kept begin. O(1)
    Result<crypto::ChainEnd> head() const;
    Result<crypto::ChainEnd> anchor() const;
    // Recomputes the whole chain; its end. `corrupt` names the first record that is not as it was
    // written. O(records)
    Result<crypto::ChainEnd> verify() const;

    // By number.
    List list() const;
    static Result<json::Value> read(const Entry& entry);
    // The bytes as they are stored, for one that does not read.
    static std::string_view text_of(const Entry& entry);
};

class AuditTrailEdits : public AuditTrail, private RepositoryEdits {
  public:
    explicit AuditTrailEdits(Edit& edit);

    // Appends what has a time and says what happened, with its number and hash. O(1)
    Result<void> append(json::Object record);
    // Throws away what is older than `before` (RFC 3339) and what there is more than `kept`, at
    // most `most` of them: the chain then begins behind them, and a record in it says so.
    // O(thrown away)
    Result<void> prune(const std::string& before, std::uint64_t kept, std::size_t most);

  private:
    Result<void> prune_to(std::uint64_t number);
};

}  // namespace evenkeel::state
