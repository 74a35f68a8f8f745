#include "orchestrator/plans/release.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/json/json.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::plans {
namespace {

using state::Resource;

// Of one command, so that its message stays below the bus's limit.
constexpr std::size_t kCommandBytesMost = 640 * 1024;
constexpr std::size_t kCommandEntriesMost = 2'000;

compile::Owner to_compile_owner(const state::Owner& owner) {
    return {owner.assignment, owner.application, owner.version,
            owner.on_leave == state::OnLeave::remove ? compile::OnLeave::remove
                                                     : compile::OnLeave::forget};
}

std::vector<state::Owner> to_state_owners(const std::vector<compile::Owner>& owners) {
    std::vector<state::Owner> converted;
    for (const compile::Owner& owner : owners) {
        converted.push_back({owner.assignment, owner.application, owner.version,
                             owner.on_leave == compile::OnLeave::remove ? state::OnLeave::remove
                                                                        : state::OnLeave::forget});
    }
    return converted;
}

// What one host has described.
class Present {
  public:
    Present(const state::View& view, const secrets::Protector& protector, const std::string& host)
        : view_(view), protector_(protector), host_(host) {}

    Result<void> read() {
        return view_.resources().each(host_, [this](Resource resource) {
            wire::Ref ref = resource.ref;
            resources_.emplace(std::move(ref), std::move(resource));
            return true;
        });
    }

    std::vector<DescribedResource> described() const {
        std::vector<DescribedResource> all;
        for (const auto& [ref, resource] : resources_) {
            DescribedResource one{.ref = ref,
                                  .policy = resource.policy,
                                  .relations = resource.relations,
                                  .overrides = resource.overrides,
                                  .origin = resource.origin,
                                  .is_removing = resource.removing};
            for (const state::Owner& owner : resource.owners) {
                one.owners.push_back(to_compile_owner(owner));
            }
            all.push_back(std::move(one));
        }
        return all;
    }

    bool is_same(const wire::Ref& ref, const json::Value& wanted) const {
        const auto found = resources_.find(ref);
        if (found == resources_.end()) return false;
        const std::string& mac = found->second.description_mac;
        if (!mac.empty()) return mac == commands::description_mac(protector_, host_, ref, wanted);
        const auto kept = open(ref);
        return kept && *kept == wanted;
    }

    std::optional<json::Value> open(const wire::Ref& ref) const {
        const auto found = resources_.find(ref);
        if (found == resources_.end()) return std::nullopt;
        const auto body = view_.bodies().get(found->second.body);
        if (!body) return std::nullopt;
        auto opened = protector_.open({host_, ref.collection, ref.id}, body->description);
        return opened ? std::optional(*std::move(opened)) : std::nullopt;
    }

    const Resource* find(const wire::Ref& ref) const {
        const auto found = resources_.find(ref);
        return found == resources_.end() ? nullptr : &found->second;
    }

  private:
    const state::View& view_;
    const secrets::Protector& protector_;
    const std::string& host_;
    std::map<wire::Ref, Resource> resources_;
};

bool is_settled(const Resource& resource) {
    const auto& compliance = resource.compliance;
    if (compliance.status == wire::Verdict::failed) return false;
    return compliance.status != wire::Verdict::unknown ||
           compliance.reason != to_string(wire::UnknownReason::pending);
}

commands::DescriptionRequest request_for(const HostCompiler& compiler,
                                         const secrets::Protector& protector,
                                         const std::string& host,
                                         const compile::WantedResource& wanted,
                                         std::uint32_t schema_version) {
    commands::DescriptionRequest request;
    request.ref = wanted.ref;
    request.description = wanted.description;
    request.policy = wanted.policy;
    request.relations = wanted.relations;
    request.schema = compiler.schema_of(wanted.ref.collection);
    request.schema_version = request.schema ? schema_version : 0;
    request.owners = to_state_owners(wanted.owners);
    request.prepared = commands::prepare(protector, host, request);
    return request;
}

}  // namespace

Result<Release> make_release(HostCompiler& compiler, const state::View& view,
                             const secrets::Protector& protector, const model::Model& model,
                             const state::Host& host, state::CompileMark mark) {
    Release release{.host = host.id, .mark = std::move(mark), .model = model.revision()};
    Present present(view, protector, host.id);
    EK_CHECK(present.read());
    compile::Compiled compiled = EK_TRY(compiler.compile(host));
    for (const compile::WantedResource& wanted : compiled.resources) {
        const Resource* there = present.find(wanted.ref);
        release.is_unsettled = release.is_unsettled || (there && !is_settled(*there));
    }
    const wire::RelationLookup known = commands::known_of(view, host.id);
    HostDifference found =
        difference(present.described(), std::move(compiled),
                   {.same_description =
                        [&](const wire::Ref& ref, const json::Value& wanted) {
                            return present.is_same(ref, wanted);
                        },
                    .open = [&](const wire::Ref& ref) { return present.open(ref); },
                    .adopts =
                        [&](const std::string& name) {
                            const compile::Assignment* assignment = model.assignment(name);
                            return assignment && assignment->adopts;
                        },
                    .offers = known.offers});
    release.errors = std::move(found.errors);
    for (ResourceDifference& each : found.resources) {
        switch (each.change) {
            case ChangeKind::add:
            case ChangeKind::change: {
                const Resource* there = present.find(each.ref);
                release.replaced.push_back(there ? there->body : 0);
                release.described.push_back(
                    request_for(compiler, protector, host.id, *each.wanted,
                                compiler.schema_version_of(each.ref.collection)));
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
        if (release_.errors.empty()) {
            EK_CHECK(describe());
            for (const ResourceDifference& each : release_.owned) {
                EK_CHECK(commands::own(edit_, release_.host, each.ref,
                                       to_state_owners(each.wanted->owners)));
            }
            const bool waits = !release_.described.empty() || release_.is_unsettled;
            if (!release_.going.empty() && waits) {
                EK_CHECK(note(state::WantedStatus::pending));
                return Released::waits;
            }
            EK_CHECK(let_go());
        }
        EK_CHECK(note(release_.errors.empty() ? state::WantedStatus::compiled
                                              : state::WantedStatus::error));
        EK_CHECK(edit_.to_compile().erase(release_.host));
        return Released::all;
    }

  private:
    Result<bool> is_outdated() {
        const auto mark = EK_TRY(edit_.to_compile().find(release_.host));
        if (!mark || *mark != release_.mark) return true;
        if (EK_TRY(edit_.model_objects().revision()) != release_.model) return true;
        for (std::size_t i = 0; i < release_.described.size(); ++i) {
            const auto there =
                EK_TRY(edit_.resources().find(release_.host, release_.described[i].ref));
            if ((there ? there->body : 0) != release_.replaced[i]) return true;
        }
        return false;
    }

    commands::Requester requester() const {
        return {
            .host = release_.host, .request_id = "", .authority = commands::Authority::compiled};
    }

    // In commands that are not too large, in the order of what requires what.
    Result<void> describe() {
        std::vector<commands::DescriptionRequest> part;
        std::size_t bytes = 0;
        for (const commands::DescriptionRequest& request : release_.described) {
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

    Result<void> let_go() {
        for (const ResourceDifference& each : release_.going) {
            if (each.change == ChangeKind::remove) {
                EK_CHECK(commands::remove(edit_, protector_, requester(), each.ref));
            } else {
                EK_CHECK(commands::forget(edit_, requester(), each.ref));
            }
        }
        return {};
    }

    Result<void> note(state::WantedStatus status) {
        state::Wanted wanted{.status = status, .revision = release_.model};
        for (const compile::CompileError& error : release_.errors) {
            wanted.errors.push_back({error.assignment, error.pointer, error.code, error.detail});
        }
        const auto before = EK_TRY(edit_.wanted().find(release_.host));
        if (before && *before == wanted) return {};
        EK_CHECK(edit_.wanted().put(release_.host, wanted));
        if (before && before->status == status && before->errors == wanted.errors) return {};
        EK_CHECK(edit_.add_event(state::EventType::host_compiled, release_.host, release_.host,
                                 state::encode(wanted)));
        return {};
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
