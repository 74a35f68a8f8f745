#include "orchestrator/hosts/fleet_totals.hpp"

#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::hosts {

Result<void> FleetTotals::load(const state::View& view, std::int64_t offline_at_ms) {
    Result<void> outcome;
    EK_CHECK(view.hosts().each([&](const state::Host& host) {
        const auto counts = view.resources().counts(host.id);
        if (!counts) outcome = fail(counts.error());
        if (!outcome) return false;
        Entry& entry = hosts_[host.id];
        entry.counts = *counts;
        entry.connection = host.connection;
        entry.is_active = !host.retired();
        if (!host.last_seen.empty()) wait(host.id, entry, offline_at_ms);
        add(entry, 1);
        return true;
    }));
    return outcome;
}

Result<void> FleetTotals::follow(const state::Changes& changes, const state::View& view) {
    Result<void> outcome;
    const auto note = [&outcome](Result<void> read) {
        if (!read) outcome = std::move(read);
    };
    for (const std::string& host : changes.hosts) note(read_host(view, host));
    for (const std::string& host : changes.counted_hosts) note(read_counts(view, host));
    return outcome;
}

Result<void> FleetTotals::read_counts(const state::View& view, const std::string& id) {
    const state::ComplianceCounts counts = EK_TRY(view.resources().counts(id));
    Entry& entry = hosts_[id];
    add(entry, -1);
    entry.counts = counts;
    add(entry, 1);
    return {};
}

Result<void> FleetTotals::read_host(const state::View& view, const std::string& id) {
    const auto host = EK_TRY(view.hosts().find(id));
    Entry& entry = hosts_[id];
    add(entry, -1);
    entry.is_active = host && !host->retired();
    if (host) entry.connection = host->connection;
    add(entry, 1);
    return {};
}

void FleetTotals::set_link(const std::string& host, bool up, std::int64_t offline_at_ms) {
    Entry& entry = hosts_[host];
    if (!up) return wait(host, entry, offline_at_ms);
    if (entry.offline_at_ms != 0) waiting_.erase({std::exchange(entry.offline_at_ms, 0), host});
    add(entry, -1);
    entry.is_offline = false;
    add(entry, 1);
}

void FleetTotals::wait(const std::string& host, Entry& entry, std::int64_t offline_at_ms) {
    if (entry.offline_at_ms != 0) waiting_.erase({entry.offline_at_ms, host});
    entry.offline_at_ms = offline_at_ms;
    waiting_.emplace(offline_at_ms, host);
}

state::ComplianceCounts FleetTotals::resources(std::int64_t now_ms) {
    count_offline_ones(now_ms);
    return resources_;
}

std::optional<FleetTotals::OfHost> FleetTotals::of_host(const std::string& host,
                                                        std::int64_t now_ms) {
    count_offline_ones(now_ms);
    const auto found = hosts_.find(host);
    if (found == hosts_.end()) return std::nullopt;
    const Entry& entry = found->second;
    return OfHost{
        .is_active = entry.is_active, .is_offline = entry.is_offline, .counts = shown(entry)};
}

void FleetTotals::count_offline_ones(std::int64_t now_ms) {
    while (!waiting_.empty() && waiting_.begin()->first <= now_ms) {
        const auto node = waiting_.extract(waiting_.begin());
        Entry& entry = hosts_[node.value().second];
        entry.offline_at_ms = 0;
        add(entry, -1);
        entry.is_offline = true;
        add(entry, 1);
    }
}

state::ComplianceCounts FleetTotals::shown(const Entry& entry) {
    return entry.is_offline ? state::counts_offline(entry.counts) : entry.counts;
}

void FleetTotals::add(const Entry& entry, int sign) {
    if (!entry.is_active) return;
    const state::ComplianceCounts counts = shown(entry);
    resources_.compliant += sign * counts.compliant;
    resources_.drifted += sign * counts.drifted;
    resources_.unknown += sign * counts.unknown;
    resources_.failed += sign * counts.failed;
    std::uint64_t& hosts = connections_[entry.connection];
    hosts = sign > 0 ? hosts + 1 : hosts - 1;
}

}  // namespace evenkeel::hosts
