#include "orchestrator/plans/release.hpp"

#include <algorithm>
#include <utility>

#include "core/json/json.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/plans/host_comparison.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/owners.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/protected_hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::plans {
namespace {

using state::Resource;

constexpr std::size_t kErrorsKept = 100;

bool is_pending(const Resource& resource) {
    return resource.compliance.status == wire::Verdict::unknown &&
           resource.compliance.reason == to_string(wire::UnknownReason::pending);
}

// Of what a host shall have.
enum class Settled { all, not_yet, failed };

commands::DescriptionRequest request_for(const HostCompiler& compiler,
                                         const secrets::Protector& protector,
                                         const std::string& host,
                                         const compile::WantedResource& wanted) {
    commands::DescriptionRequest request;
    request.ref = wanted.ref;
    request.description = wanted.description;
    request.policy = wanted.policy;
    request.relations = wanted.relations;
    const HostCompiler::Collection collection = compiler.collection(wanted.ref.collection);
    request.schema = collection.schema;
    request.schema_version = collection.version;
    request.owners = to_state_owners(wanted.owners);
    request.prepared = commands::prepare(protector, host, request);
    return request;
}

std::uint64_t body_of(const HostComparison& compared, const wire::Ref& ref) {
    const Resource* there = compared.find(ref);
    return there ? there->body : 0;
}

}  // namespace

Result<HostRelease> make_release(HostCompiler& compiler, const state::View& view,
                                 const secrets::Protector& protector, const model::Model& model,
                                 const state::Host& host) {
    HostRelease release;
    release.is_assigned = !model.assigned_to(compiled_host(host)).empty();
    HostComparison compared = EK_TRY(compare(compiler, view, protector, model, host));
    release.wanted = compared.wanted();
    HostDifference found = compared.take();
    release.errors = std::move(found.errors);
    for (ResourceDifference& each : found.resources) {
        switch (each.change) {
            case ChangeKind::add:
            case ChangeKind::change: {
                release.seen[each.ref] = body_of(compared, each.ref);
                release.awaits_schema |= each.wanted->has_unchecked_secret;
                release.bytes += json::write(each.wanted->description).size();
                release.described.push_back(
                    request_for(compiler, protector, host.id, *each.wanted));
                break;
            }
            case ChangeKind::own:
                release.seen[each.ref] = body_of(compared, each.ref);
                release.owned.push_back(std::move(each));
                break;
            case ChangeKind::remove:
            case ChangeKind::forget:
                release.going.push_back(std::move(each));
                break;
        }
    }
    return release;
}

namespace {

// A host that no assignment has ever concerned gets no record.
Result<void> note(state::Edit& edit, const Release& release, state::WantedStatus status,
                  std::vector<state::WantedError> errors) {
    const auto before = EK_TRY(edit.wanted().find(release.host));
    if (!before && !release.host_release->is_assigned) return {};
    const state::Wanted wanted{
        .status = status, .errors = std::move(errors), .revision = release.model};
    const bool is_same = before && before->status == status && before->errors == wanted.errors;
    if (is_same && before->revision == wanted.revision) return {};
    return is_same ? edit.wanted().put(release.host, wanted)
                   : edit.wanted().announce(release.host, wanted);
}

// One host's release in its transaction.
class Carrying {
  public:
    Carrying(state::Edit& edit, const secrets::Protector& protector, const Release& release)
        : edit_(edit), protector_(protector), release_(release) {}

    Result<Released> carry_out() {
        if (EK_TRY(edit_.model_objects().revision()) != release_.model) {
            return Released::other_model;
        }
        if (EK_TRY(is_outdated())) return Released::outdated;
        if (!release_.host_release) return pass_over();
        const HostRelease& what = *release_.host_release;
        if (EK_TRY(needs_plan())) return hold();
        if (!what.errors.empty()) {
            EK_CHECK(note(state::WantedStatus::error));
            return refuse();
        }
        if (what.awaits_schema) return wait();
        commands_ =
            EK_TRY(commands::describe_in_parts(edit_, protector_, requester(), what.described));
        for (const ResourceDifference& each : what.owned) {
            EK_CHECK(commands::own(edit_, release_.host, each.ref,
                                   to_state_owners(each.wanted->owners)));
        }
        if (!what.going.empty()) {
            const Settled settled = EK_TRY(settled_of(what.wanted));
            if (settled == Settled::failed) EK_CHECK(give_up());
            if (settled != Settled::all) return wait();
        }
        EK_CHECK(let_go(what.going));
        EK_CHECK(note(state::WantedStatus::compiled));
        EK_CHECK(state::PlanHostEdits(edit_).released(release_.host, commands_, true));
        return end();
    }

  private:
    Result<bool> is_outdated() {
        const auto there = EK_TRY(edit_.to_compile().find(release_.host));
        if (!there || there->number != release_.seen.number) return true;
        if (!release_.host_release) return false;
        for (const auto& [ref, body] : release_.host_release->seen) {
            const auto found = EK_TRY(edit_.resources().find(release_.host, ref));
            if ((found ? found->body : 0) != body || (found && found->overrides)) return true;
        }
        return false;
    }

    // What is held, since a restore or before, is sent with an edit or with the plan of it; and
    // nothing goes by itself where an environment is protected.
    Result<bool> needs_plan() {
        const HostRelease& what = *release_.host_release;
        if (is_agreed()) return false;
        if (what.errors.empty() && what.described.empty() && what.owned.empty() &&
            what.going.empty()) {
            return false;
        }
        const auto wanted = EK_TRY(edit_.wanted().find(release_.host));
        if (wanted && wanted->status == state::WantedStatus::held) return true;
        if (what.going.empty()) return false;
        return !EK_TRY(state::protecting_host(edit_, release_.host)).empty();
    }

    // Somebody has edited the model so, and nothing goes that the edit did not show.
    bool is_agreed() const {
        const auto& seen = release_.seen;
        const auto& going = release_.host_release->going;
        return seen.changed.contains(state::kModelEdited) &&
               std::all_of(going.begin(), going.end(), [&](const auto& each) {
                   return seen.going.contains(state::going_code(each.ref));
               });
    }

    Result<Released> hold() {
        EK_CHECK(note(state::WantedStatus::held));
        EK_CHECK(state::PlanHostEdits(edit_).refused(release_.host));
        EK_CHECK(end());
        return Released::held;
    }

    Result<Settled> settled_of(const std::vector<wire::Ref>& wanted) {
        Settled settled = Settled::all;
        for (const wire::Ref& ref : wanted) {
            const auto found = EK_TRY(edit_.resources().find(release_.host, ref));
            if (found && found->compliance.status == wire::Verdict::failed) return Settled::failed;
            if (!found || is_pending(*found)) settled = Settled::not_yet;
        }
        return settled;
    }

    // What goes may wait for ever behind what has failed: no plan waits for that.
    Result<void> give_up() {
        EK_CHECK(state::PlanHostEdits(edit_).released(release_.host, commands_, false));
        commands_.clear();
        return state::PlanHostEdits(edit_).refused(release_.host);
    }

    Result<Released> end() {
        EK_CHECK(edit_.to_compile().erase_if_unchanged(release_.host, release_.seen));
        return Released::all;
    }

    // It does not compile, or is retired.
    Result<Released> refuse() {
        EK_CHECK(state::PlanHostEdits(edit_).refused(release_.host));
        return end();
    }

    // What changed does not concern the host itself.
    Result<Released> pass_over() {
        const auto host = EK_TRY(edit_.hosts().find(release_.host));
        if (!host || host->retired()) return refuse();
        EK_CHECK(state::PlanHostEdits(edit_).released(release_.host, {}, true));
        return end();
    }

    // The entry stays, of what the model says alone: the hosts that know this one are told.
    Result<Released> wait() {
        EK_CHECK(note(state::WantedStatus::pending));
        EK_CHECK(state::PlanHostEdits(edit_).released(release_.host, commands_, false));
        std::set<std::string> stays = {state::kModelChanged};
        if (release_.seen.changed.contains(state::kModelEdited)) stays.insert(state::kModelEdited);
        if (release_.seen.changed == stays) return Released::waits;
        EK_CHECK(end());
        EK_CHECK(edit_.to_compile().put(release_.host, stays, release_.seen.going));
        return Released::waits;
    }

    commands::Requester requester() const {
        return {
            .host = release_.host, .request_id = "", .authority = commands::Authority::compiled};
    }

    Result<void> let_go(const std::vector<ResourceDifference>& going) {
        for (const ResourceDifference& each : going) {
            const bool is_removed = each.change == ChangeKind::remove;
            commands_.push_back(
                EK_TRY(is_removed ? commands::remove(edit_, protector_, requester(), each.ref)
                                  : commands::forget(edit_, requester(), each.ref))
                    .id);
        }
        return {};
    }

    Result<void> note(state::WantedStatus status) {
        std::vector<state::WantedError> errors;
        for (const compile::CompileError& error : release_.host_release->errors) {
            if (errors.size() == kErrorsKept) break;
            errors.push_back({error.assignment, error.pointer, error.code, error.detail});
        }
        return plans::note(edit_, release_, status, std::move(errors));
    }

    state::Edit& edit_;
    const secrets::Protector& protector_;
    const Release& release_;
    std::vector<std::string> commands_ = {};  // ids of those it makes
};

}  // namespace

Result<Released> carry_out(state::Edit& edit, const secrets::Protector& protector,
                           const Release& release) {
    return Carrying(edit, protector, release).carry_out();
}

Result<void> note_refusal(state::Edit& edit, const Release& release, const Error& error) {
    const auto there = EK_TRY(edit.to_compile().find(release.host));
    if (!there || there->number != release.seen.number || !release.host_release) return {};
    EK_CHECK(note(edit, release, state::WantedStatus::error,
                  {{.assignment = "", .pointer = "", .code = "conflict", .detail = error.what}}));
    EK_CHECK(state::PlanHostEdits(edit).refused(release.host));
    EK_CHECK(edit.to_compile().erase_if_unchanged(release.host, release.seen));
    return {};
}

}  // namespace evenkeel::plans
