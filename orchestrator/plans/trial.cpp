#include "orchestrator/plans/trial.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/plans/hash.hpp"
#include "orchestrator/plans/host_comparison.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/release.hpp"
#include "orchestrator/plans/touched.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/view.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::plans {
namespace {

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
           const state::SchemaCache& schemas, const ModelIndex& after)
        : view_(view),
          protector_(protector),
          model_(after.model()),
          compiler_(view, schemas, after.model()),
          hash_([&protector](std::string_view text) { return protector.mac(text); }) {}

    Result<void> add(const state::Host& host) {
        HostComparison compared = EK_TRY(compare(compiler_, view_, protector_, model_, host));
        const PlannedHost planned{host.id, host.name};
        const auto sample = [&](const ResourceDifference& each) {
            return compared.fields_of(each);
        };
        groups_.add(planned, compared.difference(), sample);
        hash_.add(host.id, compared.difference(),
                  [&](const wire::Ref& ref) { return code_of(compared.find(ref)); });
        if (compared.difference().errors.empty()) return {};
        const auto before = EK_TRY(view_.wanted().find(host.id));
        if (!before || before->status != state::WantedStatus::error) {
            broken_.add(planned, compared.difference(), sample);
        }
        return {};
    }

    void finish(Trial& trial) const {
        trial.summary = groups_.summary();
        trial.groups = groups_.finish();
        trial.hash = hash_.finish();
        trial.broken = broken_.finish().errors;
    }

  private:
    const state::View& view_;
    const secrets::Protector& protector_;
    const model::Model& model_;
    HostCompiler compiler_;
    Groups groups_;
    Groups broken_;
    PlanHash hash_;
};

// Visits the active hosts that are touched, each once.
Result<void> each_touched(const state::View& view, const TouchedHosts& touched,
                          const std::function<Result<void>(const state::Host&)>& visit) {
    Result<void> done;
    const auto see = [&](const state::Host& host) {
        if (host.retired() || !touched.contains(compiled_host(host))) return true;
        done = visit(host);
        return done.has_value();
    };
    const HostLookUp where = touched.look_up();
    if (where.is_all) EK_CHECK(view.hosts().each_in("", see));
    for (const std::string& environment : where.environments) {
        if (done) EK_CHECK(view.hosts().each_in(environment, see));
    }
    for (const std::string& id : where.hosts) {
        if (!done) break;
        const auto host = EK_TRY(view.hosts().find(id));
        const auto is_below = [&](const std::string& environment) {
            return host->environment == environment ||
                   host->environment.starts_with(environment + "/");
        };
        if (host && std::none_of(where.environments.begin(), where.environments.end(), is_below)) {
            see(*host);
        }
    }
    return done;
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

bool requires_approval(const Trial&) {
    return false;
}

Result<Trial> try_edit(const state::View& view, const secrets::Protector& protector,
                       const state::SchemaCache& schemas, const ModelIndex& before,
                       model::Model after, const std::vector<model::ObjectWrite>& writes,
                       const std::atomic<bool>& stops) {
    Trial trial;
    trial.after = std::make_shared<ModelIndex>(before, std::move(after), writes);
    Trying trying(view, protector, schemas, *trial.after);
    EK_CHECK(each_touched(view, touched(before, *trial.after, writes),
                          [&](const state::Host& host) -> Result<void> {
                              if (stops) return fail(Errc::cancelled, "it ends");
                              trial.touched.push_back(host.id);
                              return trying.add(host);
                          }));
    trying.finish(trial);
    return trial;
}

}  // namespace evenkeel::plans
