#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/result.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::hosts {

// Which certificate is which host: what the bus asks when somebody connects. A copy of the store's
// table in memory, changed after each commit that changes it. [any]
class AllowList {
  public:
    Result<void> load(const state::View& view);
    void add(const std::string& fingerprint, const std::string& host);
    void remove(const std::string& fingerprint);
    // The host id, or nothing for a stranger.
    std::optional<std::string> find(const std::string& fingerprint) const;

  private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::string> hosts_;
};

}  // namespace evenkeel::hosts
