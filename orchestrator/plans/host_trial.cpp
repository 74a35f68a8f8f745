#include "orchestrator/plans/host_trial.hpp"

#include <utility>

#include "orchestrator/plans/host_comparison.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/host.hpp"

namespace evenkeel::plans {
namespace {

json::Value shown(const HostComparison& compared, const ResourceDifference& each) {
    return json::Object{{"collection", each.ref.collection},
                        {"id", each.ref.id},
                        {"change", to_string(each.change)},
                        {"paths", json::Array(each.paths.begin(), each.paths.end())},
                        {"fields", compared.fields_of(each)}};
}

json::Value shown(const compile::CompileError& error) {
    return json::Object{{"assignment", error.assignment},
                        {"pointer", error.pointer},
                        {"code", error.code},
                        {"detail", error.detail}};
}

}  // namespace

Result<json::Value> try_on_host(const state::View& view, const secrets::Protector& protector,
                                const state::SchemaCache& schemas, const Edits& edits,
                                const state::Host& host, const std::atomic<bool>& stops) {
    HostCompiler compiler(view, schemas, edits.after,
                          std::make_shared<Peers>(&stops, &edits.hosts));
    const auto edited = edits.hosts.find(host.id);
    const std::vector<ResourceEdit> none;
    const HostComparison compared =
        EK_TRY(compare(compiler, view, protector, edits.after, as_left(edits.hosts, host),
                       edited == edits.hosts.end() ? none : edited->second.resources));
    json::Array resources;
    for (const ResourceDifference& each : compared.difference().resources) {
        if (each.change != ChangeKind::own) resources.push_back(shown(compared, each));
    }
    json::Array errors;
    for (const auto& error : compared.difference().errors) errors.push_back(shown(error));
    return json::Object{{"host", host.id},
                        {"name", host.name},
                        {"resources", std::move(resources)},
                        {"errors", std::move(errors)}};
}

}  // namespace evenkeel::plans
