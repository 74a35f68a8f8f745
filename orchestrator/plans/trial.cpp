#include "orchestrator/plans/trial.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/plans/assignment_uses.hpp"
#include "orchestrator/plans/hash.hpp"
#include "orchestrator/plans/host_comparison.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/protection.hpp"
#include "orchestrator/plans/release.hpp"
#include "orchestrator/plans/touched.hpp"
#include "orchestrator/plans/touched_hosts.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "orchestrator/state/view.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::plans {
namespace {

// Whether more than owners changes.
bool concerns_machine(const HostDifference& difference) {
    return !difference.errors.empty() ||
           std::any_of(difference.resources.begin(), difference.resources.end(),
                       [](const auto& one) { return one.change != ChangeKind::own; });
}

bool goes(ChangeKind change) {
    return change == ChangeKind::remove || change == ChangeKind::forget;
}

// Another one for any other description, policy or relations.
std::string code_of(const state::Resource* there) {
    if (!there || there->removing) return "";
    json::Object relations;
    wire::put_relations(relations, there->relations);
    const std::string body =
        there->description_mac.empty() ? std::to_string(there->body) : there->description_mac;
    return body + std::string(to_string(there->policy)) + json::write(json::Value(relations));
}

class Trying {
  public:
    Trying(const state::View& view, const secrets::Protector& protector,
           const state::SchemaCache& schemas, const ModelIndex& after, const EditedHosts& edited,
           const std::atomic<bool>& stops)
        : view_(view),
          protector_(protector),
          model_(after.model()),
          compiler_(view, schemas, after.model(), std::make_shared<Peers>(&stops, &edited)),
          hash_([&protector](std::string_view text) { return protector.mac(text); }) {}

    // As the edit leaves it.
    Result<void> add(const state::Host& host, const std::vector<ResourceEdit>& edits = {}) {
        HostComparison compared =
            EK_TRY(compare(compiler_, view_, protector_, model_, host, edits));
        const PlannedHost planned{host.id, host.name};
        const auto sample = [&](const ResourceDifference& each) {
            return compared.fields_of(each);
        };
        groups_.add(planned, compared.difference(), sample);
        hash_.add(host.id, compared.difference(),
                  [&](const wire::Ref& ref) { return code_of(compared.find(ref)); });
        if (!compared.difference().empty()) {
            concerned_.places.insert({host.environment, host.environment});
        }
        for (const ResourceDifference& each : compared.difference().resources) {
            if (goes(each.change)) going_[host.id].insert(state::going_code(each.ref));
        }
        if (concerns_machine(compared.difference())) planned_.push_back(host.id);
        if (compared.difference().errors.empty()) {
            if (concerns_machine(compared.difference())) changed_.push_back(planned);
            return {};
        }
        const auto before = EK_TRY(view_.wanted().find(host.id));
        if (!before || before->status != state::WantedStatus::error) {
            broken_.add(planned, compared.difference(), sample);
        }
        return {};
    }

    // In whatever it differs.
    void concern(const EditedHost& one) {
        concerned_.places.insert({one.before.environment, one.after.environment});
    }
    // Whether or not something differs there now: it may by itself, once a host begins to fit.
    Result<void> concern(const Reach& reach, const EditedHosts& edited) {
        if (reach.host.empty()) {
            concerned_.subtrees.insert(reach.environment);
            return {};
        }
        const auto there = EK_TRY(view_.hosts().find(reach.host));
        if (!there || there->retired()) return {};
        const HostPlace place{there->environment, as_left(edited, *there).environment};
        const bool is_within = reach.environment.empty() ||
                               compile::is_within(place.before, reach.environment) ||
                               compile::is_within(place.after, reach.environment);
        if (is_within) concerned_.places.insert(place);
        return {};
    }

    Result<void> finish(const ModelIndex& before, const std::vector<model::ObjectWrite>& writes,
                        Trial& trial) {
        for (const std::string& uses :
             EK_TRY(uses_of_assignments(view_, protector_, model_, writes))) {
            hash_.add(uses);
        }
        trial.summary = groups_.summary();
        trial.groups = groups_.finish();
        trial.hash = hash_.finish();
        trial.planned = planned_;
        trial.changed = changed_;
        trial.going = going_;
        trial.broken = broken_.finish().errors;
        trial.protected_environments =
            protecting_environments(before.model(), model_, concerned_, writes);
        return {};
    }

  private:
    const state::View& view_;
    const secrets::Protector& protector_;
    const model::Model& model_;
    HostCompiler compiler_;
    Groups groups_;
    Groups broken_;
    Concerned concerned_;
    PlanHash hash_;
    std::vector<std::string> planned_;
    std::vector<PlannedHost> changed_;
    std::map<std::string, std::set<std::string>> going_;
};

using Visit = std::function<Result<void>(const state::Host&)>;

// Visits those for which a rule about peers may find something else.
Result<void> each_by_rule(const state::View& view, const EditedHosts& edited,
                          const std::vector<TouchedRule>& rules, const std::atomic<bool>& stops,
                          const Visit& visit) {
    if (rules.empty()) return {};
    Result<void> done;
    EK_CHECK(view.hosts().each_in("", [&](const state::Host& stored) {
        if (stops) {
            done = fail(Errc::cancelled, "it ends");
            return false;
        }
        if (stored.retired()) return true;
        const compile::Host seen = compiled_host(as_left(edited, stored));
        const bool is_touched =
            std::any_of(rules.begin(), rules.end(),
                        [&](const TouchedRule& rule) { return rule.touches(seen); });
        if (is_touched) done = visit(stored);
        return done.has_value();
    }));
    return done;
}

// What somebody has let go is held no more, also before it is sent.
Result<bool> is_held(const state::View& view, const std::string& host) {
    const auto wanted = EK_TRY(view.wanted().find(host));
    if (!wanted || wanted->status != state::WantedStatus::held) return false;
    const auto entry = EK_TRY(view.to_compile().find(host));
    return !entry || !entry->changed.contains(state::kModelEdited);
}

// Visits those for which something is held.
Result<void> each_held(const state::View& view, const std::atomic<bool>& stops,
                       const Visit& visit) {
    Result<void> done;
    EK_CHECK(view.hosts().each_in("", [&](const state::Host& host) {
        const auto held = is_held(view, host.id);
        if (!held) done = fail(held.error());
        if (stops) done = fail(Errc::cancelled, "it ends");
        if (done && *held) done = visit(host);
        return done.has_value();
    }));
    return done;
}

// What a change of the host itself touches.
TouchedByHost touched_by_edit(const ModelIndex& after, const EditedHost& one) {
    const compile::Host was = compiled_host(one.before);
    const compile::Host is = compiled_host(one.after);
    const auto names = state::changed_names(&one.before, one.after);
    if (names.empty()) return {};
    return touched_by(after, {.before = &was,
                              .after = one.after.retired() ? nullptr : &is,
                              .names = {names.begin(), names.end()}});
}

}  // namespace

json::Value Trial::shown() const {
    const std::size_t count = std::min(groups.groups.size(), kGroupsMost);
    json::Array shown;
    for (std::size_t i = 0; i < count; ++i) shown.push_back(encode(groups.groups[i]));
    json::Array errors;
    for (const ErrorGroup& group : groups.errors) errors.push_back(encode(group));
    return json::Object{{"hash", hash},
                        {"summary", encode(summary)},
                        {"groups", std::move(shown)},
                        {"more_groups", groups.more + groups.groups.size() - count},
                        {"errors", std::move(errors)},
                        {"more_errors", groups.more_errors}};
}

bool requires_approval(const Trial& trial) {
    return !trial.protected_environments.empty();
}

Result<Trial> try_edit(const state::View& view, const secrets::Protector& protector,
                       const state::SchemaCache& schemas, const ModelIndex& before, Edits edits,
                       const std::atomic<bool>& stops) {
    Trial trial;
    trial.after = std::make_shared<ModelIndex>(before, std::move(edits.after), edits.writes);
    Trying trying(view, protector, schemas, *trial.after, edits.hosts, stops);
    std::set<std::string> seen;
    const Visit visit = [&](const state::Host& stored) -> Result<void> {
        if (stops) return fail(Errc::cancelled, "it ends");
        if (!seen.insert(stored.id).second) return {};
        const auto edited = edits.hosts.find(stored.id);
        if (edited != edits.hosts.end() && edited->second.after.retired()) return {};
        trial.touched.push_back(stored.id);
        if (edited == edits.hosts.end()) return trying.add(stored);
        return trying.add(edited->second.after, edited->second.resources);
    };
    const TouchedHosts by_model = touched(before, *trial.after, edits.writes);
    for (const Reach& reach : by_model.reaches()) EK_CHECK(trying.concern(reach, edits.hosts));
    std::vector<TouchedRule> rules;
    for (const auto& [id, one] : edits.hosts) {
        trying.concern(one);
        trial.edited_in.emplace(id, one.before.environment);
        TouchedByHost by_host = touched_by_edit(*trial.after, one);
        const bool is_touched = by_host.is_itself || !one.resources.empty() ||
                                by_model.contains(compiled_host(one.after));
        if (is_touched) EK_CHECK(visit(one.before));
        rules.insert(rules.end(), by_host.rules.begin(), by_host.rules.end());
    }
    EK_CHECK(each_touched(view, by_model, stops, visit));
    EK_CHECK(each_by_rule(view, edits.hosts, rules, stops, visit));
    if (edits.releases_held) EK_CHECK(each_held(view, stops, visit));
    EK_CHECK(trying.finish(before, edits.writes, trial));
    return trial;
}

}  // namespace evenkeel::plans
