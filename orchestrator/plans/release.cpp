#include "orchestrator/plans/release.hpp"

#include <algorithm>
#include <utility>

#include "core/json/json.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/plans/host_comparison.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::plans {
namespace {

using state::Resource;

// Of one command, so that its message stays below the bus's limit.
constexpr std::size_t kCommandBytesMost = 640 * 1024;
constexpr std::size_t kCommandEntriesMost = 2'000;
constexpr std::size_t kErrorsKept = 100;

std::vector<state::Owner> to_state_owners(const std::vector<compile::Owner>& owners) {
    std::vector<state::Owner> converted;
    for (const compile::Owner& owner : owners) {
        converted.push_back({owner.assignment, owner.application, owner.version,
                             owner.on_leave == compile::OnLeave::remove ? state::OnLeave::remove
                                                                        : state::OnLeave::forget});
    }
    return converted;
}

bool is_settled(const Resource& resource) {
    const auto& compliance = resource.compliance;
    if (compliance.status == wire::Verdict::failed) return false;
    return compliance.status != wire::Verdict::unknown ||
           compliance.reason != to_string(wire::UnknownReason::pending);
}

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

}  // namespace

Result<HostRelease> make_release(HostCompiler& compiler, const state::View& view,
                                 const secrets::Protector& protector, const model::Model& model,
                                 const state::Host& host) {
    HostRelease release;
    release.is_assigned = !model.assigned_to(compiled_host(host)).empty();
    HostComparison compared = EK_TRY(compare(compiler, view, protector, model, host));
    for (const wire::Ref& ref : compared.wanted()) {
        const Resource* there = compared.find(ref);
        release.is_unsettled = release.is_unsettled || (there && !is_settled(*there));
    }
    HostDifference found = compared.take();
    release.errors = std::move(found.errors);
    for (ResourceDifference& each : found.resources) {
        switch (each.change) {
            case ChangeKind::add:
            case ChangeKind::change: {
                const Resource* there = compared.find(each.ref);
                release.replaced.push_back(there ? there->body : 0);
                release.described.push_back(
                    request_for(compiler, protector, host.id, *each.wanted));
                break;
            }
            case ChangeKind::own:
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

// One host's release in its transaction.
class Carrying {
  public:
    Carrying(state::Edit& edit, const secrets::Protector& protector, const Release& release)
        : edit_(edit), protector_(protector), release_(release) {}

    Result<Released> carry_out() {
        if (EK_TRY(is_outdated())) return Released::outdated;
        for (const std::string& other : release_.others) {
            EK_CHECK(edit_.to_compile().put(other, {state::kModelChanged}));
        }
        if (!release_.host_release) return end();
        const HostRelease& what = *release_.host_release;
        if (!what.errors.empty()) {
            EK_CHECK(note(state::WantedStatus::error));
            return end();
        }
        EK_CHECK(describe(what.described));
        for (const ResourceDifference& each : what.owned) {
            EK_CHECK(commands::own(edit_, release_.host, each.ref,
                                   to_state_owners(each.wanted->owners)));
        }
        const bool waits = !what.described.empty() || what.is_unsettled;
        if (!what.going.empty() && waits) return wait();
        EK_CHECK(let_go(what.going));
        EK_CHECK(note(state::WantedStatus::compiled));
        return end();
    }

  private:
    Result<bool> is_outdated() {
        const auto there = EK_TRY(edit_.to_compile().find(release_.host));
        if (!there || there->number != release_.seen.number) return true;
        if (EK_TRY(edit_.model_objects().revision()) != release_.model) return true;
        if (!release_.host_release) return false;
        const HostRelease& what = *release_.host_release;
        for (std::size_t i = 0; i < what.described.size(); ++i) {
            const auto found = EK_TRY(edit_.resources().find(release_.host, what.described[i].ref));
            if ((found ? found->body : 0) != what.replaced[i]) return true;
        }
        return false;
    }

    Result<Released> end() {
        EK_CHECK(edit_.to_compile().erase_if_unchanged(release_.host, release_.seen));
        return Released::all;
    }

    // The entry stays, of what the model says alone: the hosts that know this one are told.
    Result<Released> wait() {
        EK_CHECK(note(state::WantedStatus::pending));
        if (release_.seen.changed == std::set<std::string>{state::kModelChanged})
            return Released::waits;
        EK_CHECK(end());
        EK_CHECK(edit_.to_compile().put(release_.host, {state::kModelChanged}));
        return Released::waits;
    }

    commands::Requester requester() const {
        return {
            .host = release_.host, .request_id = "", .authority = commands::Authority::compiled};
    }

    // In commands that are not too large, in the order of what requires what.
    Result<void> describe(const std::vector<commands::DescriptionRequest>& all) {
        std::vector<commands::DescriptionRequest> part;
        std::size_t bytes = 0;
        for (const commands::DescriptionRequest& request : all) {
            const std::size_t size = json::write(request.description).size() + 1024;
            const bool is_full =
                bytes + size > kCommandBytesMost || part.size() >= kCommandEntriesMost;
            if (!part.empty() && is_full) {
                EK_CHECK(commands::describe(edit_, protector_, requester(), part));
                part.clear();
                bytes = 0;
            }
            bytes += size;
            part.push_back(request);
        }
        if (!part.empty()) EK_CHECK(commands::describe(edit_, protector_, requester(), part));
        return {};
    }

    Result<void> let_go(const std::vector<ResourceDifference>& going) {
        for (const ResourceDifference& each : going) {
            if (each.change == ChangeKind::remove) {
                EK_CHECK(commands::remove(edit_, protector_, requester(), each.ref));
            } else {
                EK_CHECK(commands::forget(edit_, requester(), each.ref));
            }
        }
        return {};
    }

    // A host that no assignment has ever concerned gets no record.
    Result<void> note(state::WantedStatus status) {
        state::Wanted wanted{.status = status, .errors = {}, .revision = release_.model};
        for (const compile::CompileError& error : release_.host_release->errors) {
            if (wanted.errors.size() == kErrorsKept) break;
            wanted.errors.push_back({error.assignment, error.pointer, error.code, error.detail});
        }
        const auto before = EK_TRY(edit_.wanted().find(release_.host));
        if (!before && !release_.host_release->is_assigned) return {};
        const bool is_same = before && before->status == status && before->errors == wanted.errors;
        if (is_same && before->revision == wanted.revision) return {};
        return is_same ? edit_.wanted().put(release_.host, wanted)
                       : edit_.wanted().announce(release_.host, wanted);
    }

    state::Edit& edit_;
    const secrets::Protector& protector_;
    const Release& release_;
};

}  // namespace

Result<Released> carry_out(state::Edit& edit, const secrets::Protector& protector,
                           const Release& release) {
    return Carrying(edit, protector, release).carry_out();
}

}  // namespace evenkeel::plans
