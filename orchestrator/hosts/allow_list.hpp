#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "core/base/result.hpp"

namespace evenkeel::state {
struct Changes;
class View;
}  // namespace evenkeel::state

namespace evenkeel::hosts {

// Maps certificates to hosts; the bus consults it for each new connection. A copy in memory of the
// store's table: load() at the start, follow() after each commit of any process. [any]
class AllowList {
  public:
    // Replaces the content by what is stored now. O(enrolments)
    Result<void> load(const state::View& view);
    // O(changed certificates)
    void follow(const state::Changes& changes);
    // The host id, or nothing for an unknown certificate. O(1)
    std::optional<std::string> find(const std::string& fingerprint) const;
    // How many may connect. O(1)
    std::size_t size() const;
    // Whether it was a host's, whose identity was retired. O(1)
    bool is_retired(const std::string& fingerprint) const;

  private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::string> hosts_;
    std::unordered_set<std::string> retired_;
};

}  // namespace evenkeel::hosts
