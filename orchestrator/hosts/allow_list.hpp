#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/base/result.hpp"

namespace evenkeel::state {
struct Changes;
class View;
}  // namespace evenkeel::state

namespace evenkeel::hosts {

// Which certificate is which host: what the bus asks when somebody connects. A copy of the store's
// table in memory: load() at the start, follow() after each commit, whoever has made it. [any]
class AllowList {
  public:
    // All that is stored now, in place of what was here. O(certificates)
    Result<void> load(const state::View& view);
    // O(changed certificates)
    void follow(const state::Changes& changes);
    // The host id, or nothing for a stranger. O(1)
    std::optional<std::string> find(const std::string& fingerprint) const;

  private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::string> hosts_;
};

}  // namespace evenkeel::hosts
