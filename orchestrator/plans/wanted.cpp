#include "orchestrator/plans/wanted.hpp"

#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/model_index.hpp"
#include "orchestrator/plans/owners.hpp"
#include "orchestrator/state/host.hpp"

namespace evenkeel::plans {
namespace {

json::Value show(const compile::WantedResource& wanted, json::Value redacted) {
    return json::Object{{"collection", wanted.ref.collection},
                        {"id", wanted.ref.id},
                        {"description", std::move(redacted)},
                        {"policy", to_string(wanted.policy)},
                        {"requires", wire::encode(wanted.relations.required)},
                        {"notifies", wire::encode(wanted.relations.notified)},
                        {"owners", state::encode(to_state_owners(wanted.owners))}};
}

}  // namespace

Result<WantedNow> find_wanted(const Moment& moment, const secrets::Protector& protector,
                              const state::SchemaCache& schemas, const state::Host& host) {
    const model::Model& model = moment.index.model();
    WantedNow now{.revision = model.revision(), .errors = {}, .items = {}};
    if (host.retired()) return now;
    HostCompiler compiler(moment.view, schemas, model, std::make_shared<Peers>(&moment.stops));
    // Also those that come of what the host has.
    now.errors = EK_TRY(compare(compiler, moment.view, protector, model, host)).take().errors;
    if (!now.errors.empty()) return now;
    const compile::Compiled compiled = EK_TRY(compiler.compile(host));
    for (const compile::WantedResource& wanted : compiled.resources) {
        const auto schema = compiler.collection(wanted.ref.collection).schema;
        now.items.push_back(
            {wanted.ref, show(wanted, protector.redacted(wanted.description, schema.get()))});
    }
    return now;
}

}  // namespace evenkeel::plans
