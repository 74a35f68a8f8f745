#include "orchestrator/plans/touched.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/compile/host_fields.hpp"
#include "orchestrator/model/objects_json.hpp"
#include "orchestrator/plans/setting_search.hpp"

namespace evenkeel::plans {
namespace {

using compile::Assignment;
using compile::Host;

bool same(const compile::Setting* a, const compile::Setting* b) {
    if (!a || !b) return !a && !b;
    return a->value == b->value && a->is_secret == b->is_secret && a->link == b->link;
}

bool same(const Assignment* a, const Assignment* b) {
    if (!a || !b) return !a && !b;
    const auto fields = [](const Assignment& one) {
        return std::tie(one.application, one.version, one.environment, one.host, one.filter_text,
                        one.policy, one.is_enabled, one.adopts, one.on_leave);
    };
    return fields(*a) == fields(*b);
}

void add_latest(const ModelIndex& index, const std::string& application, TouchedHosts& touched) {
    for (const compile::Assigned& assigned : index.assigned_of(application)) {
        if (assigned.assignment->version == 0) touched.add(reach_of(*assigned.assignment));
    }
}

void add_assignment(const Assignment* before, const Assignment* after, TouchedHosts& touched) {
    if (same(before, after)) return;
    for (const Assignment* assignment : {before, after}) {
        if (assignment && assignment->is_enabled) touched.add(reach_of(*assignment));
    }
}

bool is_everything(const std::string& name) {
    return name == "*";
}

// What a change of a host does to others and itself.
class HostSearch {
  public:
    HostSearch(const ModelIndex& index, const HostChange& change)
        : index_(index),
          change_(change),
          is_all_(std::any_of(change.names.begin(), change.names.end(), is_everything)),
          is_moved_(is_all_ || changes("environment.name")) {}

    TouchedByHost search() {
        TouchedByHost touched;
        touched.is_itself = change_.after && is_itself();
        for (const compile::Application* application : index_.with_peers()) {
            for (const auto& [name, rule] : application->peers) {
                if (uses_rule(*application, rule) && may_differ(*application, rule)) {
                    add_rule(*application, rule, touched.rules);
                }
            }
        }
        std::sort(touched.rules.begin(), touched.rules.end(), [](const auto& a, const auto& b) {
            return std::tie(a.assignment->name, a.rule->name) <
                   std::tie(b.assignment->name, b.rule->name);
        });
        return touched;
    }

  private:
    bool changes(std::string_view name) const {
        return is_all_ || std::any_of(change_.names.begin(), change_.names.end(),
                                      [&](const std::string& one) { return overlap(one, name); });
    }

    bool is_itself() const {
        // Settings are looked up along the environment.
        if (is_moved_) return true;
        return std::any_of(change_.names.begin(), change_.names.end(),
                           [&](const auto& name) { return is_used(name) || is_assigned_by(name); });
    }

    bool is_used(const std::string& name) const {
        const auto users = index_.users_of(name);
        return std::any_of(users.begin(), users.end(), [&](const compile::Application* user) {
            const auto& all = index_.assigned_of(user->name);
            return std::any_of(all.begin(), all.end(), [&](const compile::Assigned& assigned) {
                return assigned.application == user &&
                       reach_of(*assigned.assignment).contains(*change_.after);
            });
        });
    }

    // An assignment may have come or gone with the name.
    bool is_assigned_by(const std::string& name) const {
        const auto filtering = index_.filtering_by(name);
        return std::any_of(filtering.begin(), filtering.end(), [&](const Assignment* assignment) {
            const Reach reach = reach_of(*assignment);
            if (change_.before) {
                return reach.contains(*change_.before) != reach.contains(*change_.after);
            }
            return reach.environment.empty() ||
                   compile::is_within(change_.after->environment, reach.environment);
        });
    }

    // Whether hosts may get something else from the rule.
    bool may_differ(const compile::Application& application, const compile::PeerRule& rule) const {
        const bool is_found = change_.after && compile::matches(rule.filter, *change_.after);
        if (!change_.before && filters_by_change(rule)) return true;
        const bool was_found =
            change_.before ? compile::matches(rule.filter, *change_.before) : is_found;
        if (!was_found || !is_found) return was_found != is_found;
        // Peers are shown with all of these; some are only counted.
        return (changes("host") && looks_up(application, rule)) ||
               (!rule.is_everywhere && is_moved_);
    }

    bool filters_by_change(const compile::PeerRule& rule) const {
        const auto& fields = rule.filter.fields();
        return is_all_ ||
               std::any_of(fields.begin(), fields.end(), [&](const filter::FieldUse& field) {
                   return changes(name_of_field(field.name));
               });
    }

    void add_rule(const compile::Application& application, const compile::PeerRule& rule,
                  std::vector<TouchedRule>& rules) const {
        std::vector<std::string> environments;
        // One that has moved from nobody knows where was found from everywhere.
        const bool is_known = change_.before || !is_moved_;
        if (!rule.is_everywhere && is_known) {
            for (const Host* host : {change_.before, change_.after}) {
                if (host) environments.push_back(host->environment);
            }
        }
        for (const compile::Assigned& assigned : index_.assigned_of(application.name)) {
            if (assigned.application != &application) continue;
            rules.push_back({assigned.assignment, &rule, environments});
        }
    }

    const ModelIndex& index_;
    const HostChange& change_;
    bool is_all_;
    bool is_moved_;
};

}  // namespace

bool Reach::contains(const Host& other) const {
    if (!host.empty() && host != other.id) return false;
    if (!environment.empty() && !compile::is_within(other.environment, environment)) return false;
    return compile::matches(filter, other);
}

Reach reach_of(const Assignment& assignment) {
    if (!assignment.host.empty()) return {.host = assignment.host};
    return {.environment = assignment.environment,
            .filter = assignment.filter,
            .filter_text = assignment.filter_text};
}

void TouchedHosts::add(Reach reach) {
    reaches_.emplace(
        Key(std::move(reach.host), std::move(reach.environment), std::move(reach.filter_text)),
        std::move(reach.filter));
}

bool TouchedHosts::contains(const Host& host) const {
    const auto is_in = [&](const std::string& id) {
        for (auto at = reaches_.lower_bound({id, "", ""});
             at != reaches_.end() && std::get<0>(at->first) == id; ++at) {
            const std::string& environment = std::get<1>(at->first);
            if (!environment.empty() && !compile::is_within(host.environment, environment)) {
                continue;
            }
            if (compile::matches(at->second, host)) return true;
        }
        return false;
    };
    return is_in(host.id) || is_in("");
}

HostLookUp TouchedHosts::look_up() const {
    HostLookUp found;
    for (const auto& [key, filter] : reaches_) {
        const auto& [host, environment, text] = key;
        if (host.empty() && environment.empty()) return {true, {}, {}};
        if (!host.empty()) {
            if (found.hosts.empty() || found.hosts.back() != host) found.hosts.push_back(host);
            continue;
        }
        // Sorted, so that what is above comes before what is below it, but not always next to it.
        const bool is_covered = std::any_of(
            found.environments.begin(), found.environments.end(),
            [&](const std::string& root) { return compile::is_within(environment, root); });
        if (!is_covered) found.environments.push_back(environment);
    }
    return found;
}

std::vector<Reach> TouchedHosts::reaches() const {
    std::vector<Reach> all;
    for (const auto& [key, filter] : reaches_) {
        const auto& [host, environment, text] = key;
        all.push_back({host, environment, filter, text});
    }
    return all;
}

TouchedHosts touched(const ModelIndex& before, const ModelIndex& after,
                     const std::vector<model::ObjectWrite>& writes) {
    TouchedHosts touched;
    SettingSearch settings(before, after, touched);
    for (const model::ObjectWrite& write : writes) {
        switch (write.kind) {
            case model::ModelKind::environment:
                break;
            case model::ModelKind::setting: {
                const auto place = model::read_setting_name(write.name);
                if (!place) break;
                if (same(before.model().setting(*place), after.model().setting(*place))) break;
                settings.from({place->scope, place->key});
                break;
            }
            case model::ModelKind::application:
                if (write.version == 0 && !write.body.is_null()) break;  // only its source
                // One that was assigned before and is not now is among the writes itself.
                add_latest(after, write.name, touched);
                break;
            case model::ModelKind::assignment:
                add_assignment(before.model().assignment(write.name),
                               after.model().assignment(write.name), touched);
                break;
        }
    }
    return touched;
}

bool TouchedRule::touches(const Host& host) const {
    if (!reach_of(*assignment).contains(host)) return false;
    return environments.empty() ||
           std::any_of(environments.begin(), environments.end(), [&](const std::string& place) {
               return compile::is_within(place, host.environment);
           });
}

TouchedByHost touched_by(const ModelIndex& index, const HostChange& change) {
    return HostSearch(index, change).search();
}

}  // namespace evenkeel::plans
