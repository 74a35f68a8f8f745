#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "orchestrator/http/message.hpp"
#include "orchestrator/http/problem.hpp"

namespace evenkeel::http {

// What callers hold of a server.
enum class ShareKind { requests, streams, body_bytes, reply_bytes };
inline constexpr std::size_t kShareKinds = 4;

// Shares out requests in work, streams and memory for bodies and replies, so that nobody takes what
// the others need: each principal has a limit, all have one together, and an eighth of that is kept
// for administrators. Whoever sends no token that counts is one and the same principal. [loop]
class Shares {
  public:
    struct Limit {
        std::size_t each = 0;
        std::size_t all = 0;
    };
    using Limits = std::array<Limit, kShareKinds>;  // by ShareKind
    // One part that is held, until it is destroyed. Must not outlive the Shares.
    class Share {
      public:
        Share() = default;
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { release(); }
        void release();

      private:
        friend class Shares;
        Shares* of_ = nullptr;
        ShareKind kind_ = ShareKind::requests;
        std::string principal_;
        std::size_t amount_ = 0;
    };
    // For /metrics.
    struct Counts {
        std::array<std::size_t, kShareKinds> held{};
        std::array<std::uint64_t, kShareKinds> refused_each{};  // 429
        std::array<std::uint64_t, kShareKinds> refused_all{};   // 503
    };

    explicit Shares(const Limits& limits) : limits_(limits) {}

    // Nothing, and `into` holds it; or `rate-limited` when the principal holds its part already,
    // `unavailable` when all hold theirs. Requires: `into` holds nothing.
    std::optional<Problem> take(ShareKind kind, const Principal& principal, std::size_t amount,
                                Share& into);
    // The same without a limit, for what cannot be refused any more.
    void hold(ShareKind kind, const Principal& principal, std::size_t amount, Share& into);
    const Counts& counts() const { return counts_; }

  private:
    Limits limits_;
    Counts counts_;
    std::map<std::string, std::array<std::size_t, kShareKinds>> of_each_;  // only who holds some
};

}  // namespace evenkeel::http
