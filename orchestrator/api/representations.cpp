#include "orchestrator/api/representations.hpp"

#include <utility>

#include "core/base/time.hpp"
#include "core/schema/schema.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::api {

ApiResult<state::Host> require_host(const state::View& view, const http::Request& request) {
    auto host = EK_API_TRY(view.hosts().resolve(request.at("h")));
    if (!host) return refuse(http::Code::not_found, "there is no host of this id or name");
    return *std::move(host);
}

ApiResult<state::Host> require_active_host(const state::View& view, const http::Request& request) {
    state::Host host = EK_API_TRY(require_host(view, request));
    if (host.retired()) return refuse(http::Code::invalid_state, "the host is retired");
    return host;
}

ApiResult<state::ComplianceCounts> counts_now(const Context& context, const state::View& view,
                                              const state::Host& host) {
    const state::ComplianceCounts stored = EK_API_TRY(view.resources().counts(host.id));
    const bool silent = !context.presence.offline_since(host, now_monotonic_ms()).empty();
    return silent ? state::counts_offline(stored) : stored;
}

ApiResult<void> require_environment(const state::View& view, std::string_view name) {
    if (EK_API_TRY(hosts::has_environment(view, name))) return {};
    Findings findings;
    findings.invalid("/environment", "there is no such environment");
    return refuse(findings.problem());
}

const Fields& host_fields() {
    static const Fields kFields = {
        {.name = "id"},
        {.name = "name"},
        {.name = "enrolment", .values = name_list<state::EnrolmentState>()},
        {.name = "environment", .is_tree = true},
        {.name = "connection", .values = name_list<state::Connection>()},
        {.name = "last_seen"},
        {.name = "version"},
        {.name = "compliance.compliant"},
        {.name = "compliance.drifted"},
        {.name = "compliance.unknown"},
        {.name = "compliance.failed"},
        {.name = "labels."},
        {.name = "facts."}};
    return kFields;
}

ApiResult<json::Value> show_host(const Context& context, const state::View& view,
                                 const state::Host& host) {
    state::Host now = host;
    now.last_seen = context.presence.last_seen(host);
    return state::show(now, EK_API_TRY(counts_now(context, view, host)),
                       EK_API_TRY(view.wanted().find(host.id)));
}

state::rest::ComplianceView compliance_of(const Context& context, const state::Host& host,
                                          const state::Resource& resource) {
    return state::compliance_now(resource.compliance,
                                 context.presence.offline_since(host, now_monotonic_ms()));
}

ApiResult<json::Value> show_resource(const Context& context, const state::View& view,
                                     const state::Host& host, const state::Resource& resource) {
    const auto schema = EK_API_TRY(context.schemas.find(view, host.id, resource.ref.collection));
    const state::Body body = EK_API_TRY(view.bodies().get(resource.body));
    json::Value description = EK_API_TRY(context.protector.redacted(
        {host.id, resource.ref.collection, resource.ref.id}, body.description, schema.get()));
    return state::show(host.id, resource, std::move(description),
                       compliance_of(context, host, resource));
}

}  // namespace evenkeel::api
