#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace evenkeel::wire {

struct Generation;
struct Ref;

// The line of one description in digests: the canonical JSON array [collection,id,stream,revision]
// and a newline.
std::string digest_line(const Ref& ref, const Generation& generation);

// Tells whether two sides hold the same descriptions, and follows a change of one description
// without the others: the XOR of the SHA-256 of each one's line, and how many there are. XOR alone
// would not withstand somebody who chooses the lines of both sides; here each line has a revision
// that the orchestrator gives out, and a host that lies can send any digest.
class InventoryDigest {
  public:
    // Requires one that is not in it. O(1)
    void add(const Ref& ref, const Generation& generation);
    // Requires one that was added. O(1)
    void remove(const Ref& ref, const Generation& generation);

    std::uint64_t count() const { return count_; }
    // Of the XOR: 64 digits, lower case.
    std::string hex() const;

    // As it is stored: 8 bytes of the count, 32 of the XOR.
    std::string bytes() const;
    // `corrupt` for another length.
    static Result<InventoryDigest> from_bytes(std::string_view bytes);

    friend bool operator==(const InventoryDigest&, const InventoryDigest&) = default;

  private:
    void toggle(const Ref& ref, const Generation& generation);

    std::uint64_t count_ = 0;
    std::string bits_ = std::string(32, '\0');
};

}  // namespace evenkeel::wire
