#include "core/agent/runs/command_end.hpp"

#include <algorithm>
#include <utility>

#include "core/agent/compliance/compliance_tracker.hpp"
#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/runs/decide.hpp"
#include "core/agent/runs/due_actions.hpp"
#include "core/agent/runs/event_drafts.hpp"

namespace evenkeel::agent {
namespace {

void add_drop(const Step& step, RunEnd& end) {
    const wire::Ref& ref = step.request.ref;
    // What is only forgotten is still on the machine, with its secret.
    const bool left_secret =
        step.decision == Decision::forget && step.description.metadata.left_secret;
    if (!step.request.generation.empty() || left_secret) {
        end.tombstones.push_back({ref, step.request.generation, left_secret});
    }
    end.drops.push_back(ref);
}

void add_observation(const Step& step, const Intent& intent, const HostView& host, RunEnd& end) {
    const CatalogEntry* entry = host.catalog.find(step.request.ref);
    if (!entry || !step.stores() || step.progress != Progress::finished) return;
    end.observations.push_back(ComplianceTracker::observation_of(*entry, step.result.state));
    if (step.replaced) end.metadata.push_back(entry->metadata);
    if (!intent.is_local()) return;
    end.drafts.push_back(description_changed(
        *entry, shown_body(step.description, host.registry, host.store.sealer()), step.result.state,
        wire::DescriptionReason::local));
}

}  // namespace

json::Value encode(const CommandResult& result) {
    json::Array resources;
    for (const wire::ResourceResult& each : result.resources)
        resources.push_back(wire::encode(each));
    return json::Object{{"state", to_string(result.state)},
                        {"resources", std::move(resources)},
                        {"error", result.error ? wire::encode(*result.error) : json::Value()}};
}

wire::EndState end_state(const StepList& steps,
                         const std::vector<NotificationStep>& notifications) {
    const auto all = [&](const auto& is) { return std::all_of(steps.begin(), steps.end(), is); };
    const auto is_superseded = [](const Step& step) {
        return step.decision == Decision::supersede;
    };
    if (steps.size() != 0 && all(is_superseded)) return wire::EndState::superseded;
    const bool is_good =
        all([](const Step& step) { return !has_failed(step) && !step.root; }) &&
        std::none_of(notifications.begin(), notifications.end(),
                     [](const auto& step) { return step.result.outcome == wire::Outcome::failed; });
    return is_good ? wire::EndState::succeeded : wire::EndState::failed;
}

std::vector<wire::ResourceResult> results_of(const StepList& steps,
                                             const std::vector<NotificationStep>& notifications) {
    std::vector<wire::ResourceResult> results;
    for (const Step& step : steps) results.push_back(step.result);
    for (const NotificationStep& step : notifications) results.push_back(step.result);
    return results;
}

RunEnd end_of(const StepList& steps, const std::vector<NotificationStep>& notifications,
              const HostView& host) {
    RunEnd end;
    end.pending_notifications = pending_after(steps, notifications, host.catalog);
    for (const wire::ResourceResult& result : results_of(steps, notifications))
        if (wire::needs_reboot(result.changes)) end.reboots.push_back(result.ref);
    for (const Step& step : steps) {
        end.drafts.insert(end.drafts.end(), step.drafts.begin(), step.drafts.end());
        if (step.drops()) {
            add_drop(step, end);
        } else {
            add_observation(step, steps.intent(), host, end);
        }
    }
    return end;
}

}  // namespace evenkeel::agent
