#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "orchestrator/state/kept_reply.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

// The answers to requests with an Idempotency-Key, each under the digest of the key and its owner.
class Replies : protected Repository {
  public:
    explicit Replies(const View& view) : Repository(view) {}

    // O(1)
    Result<std::optional<KeptReply>> find(std::string_view digest) const;
};

class ReplyEdits : public Replies, private RepositoryEdits {
  public:
    explicit ReplyEdits(Edit& edit);

    // O(1)
    Result<void> put(std::string_view digest, const KeptReply& reply);
    // Erases at most `most` of those from before this time, and what does not read. O(replies)
    Result<void> erase_old(std::int64_t before_ms, std::size_t most);
};

}  // namespace evenkeel::state
