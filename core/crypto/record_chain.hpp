#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

// A hash chain, for the audit log: a record that is changed, removed or moved afterwards no longer
// fits the hashes behind it. A record is an object with `seq`, `previous` (the hash of the record
// before) and `hash`: the SHA-256, in hex, of its canonical JSON without `hash`. docs/rest.md says
// what canonical is. [any]
namespace evenkeel::crypto {

// A position in the chain: number and hash of the last record. An empty chain ends at
// {0, kNoHash}.
struct ChainEnd {
    std::uint64_t seq = 0;
    std::string hash;

    friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
};
inline constexpr const char* kNoHash =
    "0000000000000000000000000000000000000000000000000000000000000000";

json::Value encode(const ChainEnd& end);
Result<ChainEnd> decode_chain_end(const json::Value& value);

// Adds `seq`, `previous` and `hash`, so that `record` follows `end`; returns the new end.
ChainEnd chain(json::Object& record, const ChainEnd& end);

// Verifies a chain record by record, from its beginning.
class ChainCheck {
  public:
    explicit ChainCheck(ChainEnd begins_behind) : end_(std::move(begins_behind)) {}

    // Takes the next record; `corrupt` names the first that was changed, is missing or is out
    // of order.
    Result<void> next(const json::Value& record);
    // `corrupt` when records are missing at the end.
    Result<void> finish(const ChainEnd& head) const;

    const ChainEnd& end() const { return end_; }

  private:
    ChainEnd end_;
};

}  // namespace evenkeel::crypto
