#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/compile/compile.hpp"
#include "orchestrator/plans/edited_hosts.hpp"

namespace evenkeel::state {
class View;
}

namespace evenkeel::plans {

// The hosts that rules about peers find. All hosts are read once, for as many hosts as are compiled
// until forget(); the rules are of one model until then. Use it on one thread at a time.
class Peers {
  public:
    // Hosts that are `edited` are found as the edit leaves them. Lives no longer than what it gets.
    explicit Peers(const std::atomic<bool>* stops = nullptr, const EditedHosts* edited = nullptr)
        : stops_(stops), edited_(edited) {}

    // By name: an array of {"id","name","labels","facts"}. Fails only when the store does not read,
    // and is `cancelled` once `stops` is set.
    Result<const json::Value*> find(const state::View& view, const compile::PeerRule& rule,
                                    const compile::Host& host);
    // Hosts or rules may be others from now on.
    void forget();
    // How often all hosts were read.
    std::uint64_t reads() const { return reads_; }

  private:
    // In the form in which filters see it.
    struct Peer {
        std::string environment;
        json::Value value;
    };

    Result<void> read_all(const state::View& view);
    Result<void> check_stops() const;

    const std::atomic<bool>* stops_;
    const EditedHosts* edited_;
    std::optional<std::vector<Peer>> all_;  // by name
    std::map<std::pair<const compile::PeerRule*, std::string>, json::Value> found_;
    std::uint64_t reads_ = 0;
};

}  // namespace evenkeel::plans
