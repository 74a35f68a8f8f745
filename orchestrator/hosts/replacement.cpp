#include "orchestrator/hosts/replacement.hpp"

#include <utility>
#include <vector>

#include "orchestrator/commands/queue.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/steady_clock.hpp"
#include "orchestrator/state/to_rest.hpp"

namespace evenkeel::hosts {
namespace {

using state::Resource;

// What the machine before had described itself: the new one reports its own.
Result<void> forget_local(state::Edit& edit, const std::string& host, const Resource& resource) {
    EK_CHECK(edit.resources().erase(host, resource));
    EK_CHECK(edit.add_event(
        state::EventType::description_forgotten, host, state::subject_of(resource.ref),
        state::description_event(host, resource.ref, resource.generation, resource.origin,
                                 wire::DescriptionReason::local)));
    return {};
}

Result<void> forget_observed(state::Edit& edit, const std::string& host, const Resource& before) {
    Resource resource = before;
    resource.revision = EK_TRY(edit.next_revision());
    resource.state = nullptr;
    resource.observed_at.clear();
    resource.compliance = {.status = wire::Verdict::unknown,
                           .reason = std::string(to_string(wire::UnknownReason::pending)),
                           .fields = {},
                           .since = edit.happened(),
                           .seen_by = ""};
    return edit.resources().put(host, &before, resource);
}

}  // namespace

Result<state::Host> vacate(state::Edit& edit, const std::string& id) {
    auto found = EK_TRY(edit.hosts().find(id));
    if (!found) return fail(Errc::not_found, "the host that the token replaces is gone");
    state::Host host = *std::move(found);
    if (!host.retired()) {
        EK_CHECK(commands::end_all(edit, id, {Errc::cancelled, "the machine was replaced"}));
        EK_CHECK(retire_identity(edit, host));
    }
    host.enrolment = state::EnrolmentState::active;
    host.retired_at_ms = 0;
    if (host.connection == state::Connection::online) host.connection = state::Connection::offline;
    host.fingerprint.clear();
    if (EK_TRY(edit.hosts().id_of(host.name)) != id) {
        host.name = EK_TRY(free_name(edit, host.name, edit.clock().now_ms()));
        EK_CHECK(edit.hosts().put_name(host.name, id));
    }
    std::vector<Resource> resources;
    EK_CHECK(edit.resources().each(id, [&](Resource resource) {
        resources.push_back(std::move(resource));
        return true;
    }));
    for (const Resource& resource : resources) {
        const bool local = resource.origin == wire::Origin::local;
        EK_CHECK(local ? forget_local(edit, id, resource) : forget_observed(edit, id, resource));
    }
    return host;
}

}  // namespace evenkeel::hosts
