#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/base/result.hpp"
#include "orchestrator/state/host.hpp"

namespace evenkeel::state {
class View;
struct Changes;
}  // namespace evenkeel::state

namespace evenkeel::hosts {

// Sums over all active hosts: the verdicts of their resources as they are now, and how they are
// connected. Kept in memory and moved on with each change, so that asking costs nothing that grows
// with the fleet. [loop]
class FleetTotals {
  public:
    // At the start. `offline_at_ms`: when hosts that have been seen before and have no link by then
    // count as offline, by the monotonic clock. O(hosts)
    Result<void> load(const state::View& view, std::int64_t offline_at_ms);
    // Reads anew what has changed; a host that cannot be read keeps no other back. O(changes)
    Result<void> follow(const state::Changes& changes, const state::View& view);
    // A link has come, or gone; then the host counts as offline from `offline_at_ms` on.
    void set_link(const std::string& host, bool up, std::int64_t offline_at_ms);

    // All resources of an offline host are unknown. O(hosts that went offline since the last call)
    state::ComplianceCounts resources(std::int64_t now_ms);
    // One host as it counts here; nothing for one that is not known.
    struct OfHost {
        bool is_active = false;
        bool is_offline = false;
        state::ComplianceCounts counts;  // as they are now
    };
    std::optional<OfHost> of_host(const std::string& host, std::int64_t now_ms);
    // As recorded.
    const std::map<state::Connection, std::uint64_t>& connections() const { return connections_; }

  private:
    struct Entry {
        state::ComplianceCounts counts;
        state::Connection connection = state::Connection::never;
        bool is_active = false;
        bool is_offline = false;
        std::int64_t offline_at_ms = 0;  // in waiting_; 0 = not there
    };
    Result<void> read_host(const state::View& view, const std::string& id);
    Result<void> read_counts(const state::View& view, const std::string& id);
    static state::ComplianceCounts shown(const Entry& entry);
    void add(const Entry& entry, int sign);
    void wait(const std::string& host, Entry& entry, std::int64_t offline_at_ms);
    void count_offline_ones(std::int64_t now_ms);

    std::unordered_map<std::string, Entry> hosts_;
    std::set<std::pair<std::int64_t, std::string>> waiting_;  // without a link, not yet offline
    state::ComplianceCounts resources_;
    std::map<state::Connection, std::uint64_t> connections_;
};

}  // namespace evenkeel::hosts
