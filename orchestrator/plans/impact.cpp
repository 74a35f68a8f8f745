#include "orchestrator/plans/impact.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/setting_search.hpp"
#include "orchestrator/plans/touched_hosts.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

using Keys = std::set<std::string>;

class Finding {
  public:
    Finding(const Moment& moment, const state::SchemaCache& schemas, const compile::Place& place,
            Keys keys)
        : model_(moment.index.model()),
          place_(place),
          keys_(std::move(keys)),
          compiler_(moment.view, schemas, model_, std::make_shared<Peers>(&moment.stops)) {}

    Result<void> add(const state::Host& host) {
        const compile::Host seen = compiled_host(host);
        std::set<wire::Ref> found;
        for (const compile::Assigned& assigned : model_.assigned_to(seen)) {
            const auto& rules = rules_using(*assigned.application, keys_of(seen, assigned));
            if (rules.empty()) continue;
            const auto refs = EK_TRY(compiler_.refs_of(seen, assigned, rules));
            found.insert(refs.begin(), refs.end());
        }
        HostDifference used;
        for (const wire::Ref& ref : found) {
            used.resources.push_back({.ref = ref, .change = ChangeKind::change});
        }
        groups_.add({host.id, host.name}, used, [](const auto&) { return json::Array(); });
        return {};
    }

    Impact finish() const {
        return {groups_.summary().hosts, groups_.summary().changed, groups_.finish()};
    }

  private:
    // Those whose value comes from the place.
    Keys keys_of(const compile::Host& host, const compile::Assigned& assigned) const {
        const auto find = [this](const compile::Place& place) { return model_.setting(place); };
        Keys found;
        for (const std::string& key : keys_) {
            if (compile::depends_on(find, {&host, assigned.assignment}, key,
                                    assigned.application->rule_of(key), place_)) {
                found.insert(key);
            }
        }
        return found;
    }

    const std::vector<compile::RuleUse>& rules_using(const compile::Application& application,
                                                     const Keys& keys) {
        const auto [found, is_new] = rules_.try_emplace({&application, keys});
        if (is_new) found->second = compile::rules_using(application, keys);
        return found->second;
    }

    const model::Model& model_;
    const compile::Place& place_;
    const Keys keys_;  // that the place may give a value
    HostCompiler compiler_;
    std::map<std::pair<const compile::Application*, Keys>, std::vector<compile::RuleUse>> rules_;
    Groups groups_;
};

json::Value shown(const Group& group) {
    json::Array resources;
    for (const GroupedResource& each : group.resources) {
        resources.push_back(json::Object{{"collection", each.ref.collection}, {"id", each.ref.id}});
    }
    return json::Object{{"count", group.count},
                        {"hosts", json::Array(group.hosts.begin(), group.hosts.end())},
                        {"resources", std::move(resources)}};
}

}  // namespace

json::Value Impact::shown() const {
    const std::size_t count = std::min(groups.groups.size(), kGroupsMost);
    json::Array all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(plans::shown(groups.groups[i]));
    return json::Object{{"summary", json::Object{{"hosts", hosts}, {"resources", resources}}},
                        {"groups", std::move(all)},
                        {"more_groups", groups.more + groups.groups.size() - count}};
}

Result<Impact> find_impact(const Moment& moment, const state::SchemaCache& schemas,
                           const compile::Place& place) {
    TouchedHosts touched;
    SettingSearch search(moment.index, moment.index, touched);
    search.from({place.scope, place.key});
    Keys keys;
    for (const auto& [scope, key] : search.places()) keys.insert(key.substr(key.find(':') + 1));
    Finding finding(moment, schemas, place, std::move(keys));
    EK_CHECK(each_touched(moment.view, touched, moment.stops,
                          [&](const state::Host& host) { return finding.add(host); }));
    return finding.finish();
}

}  // namespace evenkeel::plans
