#include "orchestrator/plans/peers.hpp"

#include <algorithm>

#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

json::Value shown_to_peers(const json::Value& host) {
    return json::Object{{"id", host["id"]},
                        {"name", host["name"]},
                        {"labels", host["labels"]},
                        {"facts", host["facts"]}};
}

}  // namespace

Result<const json::Value*> Peers::find(const state::View& view, const compile::PeerRule& rule,
                                       const compile::Host& host) {
    const std::string within = rule.is_everywhere ? "" : host.environment;
    const auto place = std::make_pair(&rule, within);
    if (const auto known = found_.find(place); known != found_.end()) return &known->second;
    if (!all_) EK_CHECK(read_all(view));
    json::Array found;
    for (const Peer& peer : *all_) {
        EK_CHECK(check_stops());
        if (!within.empty() && !compile::is_within(peer.environment, within)) continue;
        if (rule.filter.matches(peer.value)) found.push_back(shown_to_peers(peer.value));
    }
    return &found_.emplace(place, std::move(found)).first->second;
}

void Peers::forget() {
    all_.reset();
    found_.clear();
}

Result<void> Peers::check_stops() const {
    if (stops_ && *stops_) return fail(Errc::cancelled, "it ends");
    return {};
}

Result<void> Peers::read_all(const state::View& view) {
    ++reads_;
    std::vector<Peer> all;
    EK_CHECK(view.hosts().each_in("", [&](const state::Host& stored) {
        if (!check_stops()) return false;
        const state::Host& host = edited_ ? as_left(*edited_, stored) : stored;
        if (host.retired()) return true;
        all.push_back({host.environment, json::Object{{"id", host.id},
                                                      {"name", host.name},
                                                      {"environment", host.environment},
                                                      {"labels", host.labels},
                                                      {"facts", host.facts}}});
        return true;
    }));
    EK_CHECK(check_stops());
    std::sort(all.begin(), all.end(), [](const Peer& a, const Peer& b) {
        return a.value["name"].as_string() < b.value["name"].as_string();
    });
    all_ = std::move(all);
    return {};
}

}  // namespace evenkeel::plans
