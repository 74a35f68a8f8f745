#include "orchestrator/plans/host_comparison.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/commands/describe.hpp"
#include "orchestrator/plans/edited_hosts.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/owners.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

using Kind = ResourceEdit::Kind;

json::Value value_at(const json::Value& description, const std::string& path) {
    const json::Value* value = json::at_pointer(description, path);
    return value ? *value : json::Value();
}

// What a path of the resource itself names; nothing for one into its description.
std::optional<json::Value> value_beside(wire::Policy policy, const wire::Relations& relations,
                                        const std::string& path) {
    if (path == "/policy") return json::Value(to_string(policy));
    json::Object both;
    wire::put_relations(both, relations);
    if (path == "/requires" || path == "/notifies") {
        const json::Value* value = both.find(path.substr(1));
        return value ? *value : json::Value();
    }
    return std::nullopt;
}

bool ends_override(const ResourceEdit& edit, const state::Resource* before) {
    return edit.kind == Kind::forget && edit.authority == commands::Authority::direct && before &&
           before->overrides;
}

// What the edit describes the resource as; nothing when it is to go.
std::optional<compile::WantedResource> description_by(const ResourceEdit& edit,
                                                      const state::Resource* before) {
    const commands::DescriptionRequest& says = edit.request;
    if (edit.kind == Kind::describe) {
        return compile::WantedResource{says.ref, says.description, says.policy, says.relations, {}};
    }
    const bool overrides =
        edit.authority == commands::Authority::overriding && before && !before->owners.empty();
    if (edit.kind == Kind::forget || !overrides) return std::nullopt;
    return compile::WantedResource{
        says.ref, json::Object{{"ensure", "absent"}}, before->policy, {}, {}};
}

std::vector<DescribedResource>::iterator find_in(std::vector<DescribedResource>& all,
                                                 const wire::Ref& ref) {
    return std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.ref == ref; });
}

// As commands::describe() leaves it.
void describe(std::vector<DescribedResource>& all, const compile::WantedResource& says) {
    auto at = find_in(all, says.ref);
    if (at == all.end()) at = all.insert(at, {.ref = says.ref});
    at->policy = says.policy;
    at->relations = says.relations;
    at->overrides = !at->owners.empty();
    at->origin = wire::Origin::orchestrator;
    at->is_removing = false;
}

// As commands::remove() and forget() leave what they do away with.
void let_go(std::vector<DescribedResource>& all, const ResourceEdit& edit,
            const state::Resource& before) {
    const auto at = find_in(all, edit.request.ref);
    if (ends_override(edit, &before)) {
        at->overrides = false;
    } else if (edit.kind == Kind::forget) {
        all.erase(at);
    } else {
        at->is_removing = true;
        at->owners.clear();
    }
}

// What an edit does to a host by itself, and what follows.
HostDifference together(HostDifference direct, HostDifference compiled) {
    if (direct.empty()) return compiled;
    HostDifference both{{}, std::move(direct.errors)};
    both.errors.insert(both.errors.end(), compiled.errors.begin(), compiled.errors.end());
    if (!both.errors.empty()) return both;
    const auto follows = [&](const ResourceDifference& one) {
        return std::any_of(compiled.resources.begin(), compiled.resources.end(),
                           [&](const ResourceDifference& other) {
                               return other.ref == one.ref && other.change != ChangeKind::own;
                           });
    };
    std::erase_if(direct.resources, follows);
    both.resources = std::move(direct.resources);
    both.resources.insert(both.resources.end(), std::make_move_iterator(compiled.resources.begin()),
                          std::make_move_iterator(compiled.resources.end()));
    return both;
}

}  // namespace

const state::Resource* HostComparison::find(const wire::Ref& ref) const {
    const auto found = resources_.find(ref);
    return found == resources_.end() ? nullptr : &found->second;
}

Result<void> HostComparison::read() {
    return view_.resources().each(host_, [this](state::Resource resource) {
        wire::Ref ref = resource.ref;
        resources_.emplace(std::move(ref), std::move(resource));
        return true;
    });
}

std::vector<DescribedResource> HostComparison::described() const {
    std::vector<DescribedResource> all;
    for (const auto& [ref, resource] : resources_) {
        DescribedResource one{.ref = ref,
                              .policy = resource.policy,
                              .relations = resource.relations,
                              .overrides = resource.overrides,
                              .origin = resource.origin,
                              .is_removing = resource.removing};
        one.owners = to_compile_owners(resource.owners);
        all.push_back(std::move(one));
    }
    return all;
}

bool HostComparison::is_same(const wire::Ref& ref, const json::Value& wanted) const {
    const state::Resource* there = find(ref);
    if (!there) return false;
    if (!there->description_mac.empty()) {
        return there->description_mac == commands::description_mac(protector_, host_, ref, wanted);
    }
    const auto kept = open(ref);
    return kept && *kept == wanted;
}

std::optional<json::Value> HostComparison::stored(const wire::Ref& ref) const {
    const state::Resource* there = find(ref);
    if (!there) return std::nullopt;
    auto body = view_.bodies().get(there->body);
    return body ? std::optional(std::move(body->description)) : std::nullopt;
}

std::optional<json::Value> HostComparison::open(const wire::Ref& ref) const {
    const auto sealed = stored(ref);
    if (!sealed) return std::nullopt;
    auto opened = protector_.open({host_, ref.collection, ref.id}, *sealed);
    return opened ? std::optional(*std::move(opened)) : std::nullopt;
}

json::Array HostComparison::fields_of(const ResourceDifference& each) const {
    const secrets::ResourceKey key{host_, each.ref.collection, each.ref.id};
    const auto schema = compiler_.collection(each.ref.collection).schema;
    std::vector<json::Value> versions;
    const auto before = stored(each.ref);
    if (before) versions.push_back(*before);
    if (each.wanted) {
        versions.push_back(protector_.seal(key, each.wanted->description, schema.get()));
    }
    const auto redacted = protector_.redacted_together(key, versions, schema.get());
    json::Array fields;
    if (!redacted) return fields;
    const state::Resource* there = find(each.ref);
    const std::vector<std::string> all{""};
    for (const std::string& path : each.paths.empty() ? all : each.paths) {
        json::Object field{{"path", path}};
        json::Value was, is;
        if (before) was = value_at(redacted->front(), path);
        if (each.wanted) is = value_at(redacted->back(), path);
        if (there) was = value_beside(there->policy, there->relations, path).value_or(was);
        if (each.wanted) {
            is = value_beside(each.wanted->policy, each.wanted->relations, path).value_or(is);
        }
        field.append("before", std::move(was));
        field.append("after", std::move(is));
        fields.push_back(std::move(field));
    }
    return fields;
}

HostDifference HostComparison::of_edits(const std::vector<ResourceEdit>& edits,
                                        const DifferenceSources& sources) const {
    if (edits.empty()) return {};
    // As if one owner, who adopts, said all that is there.
    std::vector<DescribedResource> there = described();
    for (DescribedResource& one : there) {
        one.owners.clear();
        one.overrides = false;
    }
    compile::Compiled wanted;
    for (const ResourceEdit& edit : edits) {
        const state::Resource* before = find(edit.request.ref);
        if (auto says = description_by(edit, before)) {
            says->owners.emplace_back();
            wanted.resources.push_back(*std::move(says));
        } else if (before && !ends_override(edit, before)) {
            DescribedResource& one = *find_in(there, edit.request.ref);
            one.policy = wire::Policy::report;  // under audit nothing would be removed
            one.owners.push_back({.assignment = "",
                                  .application = "",
                                  .version = 0,
                                  .on_leave = edit.kind == Kind::remove
                                                  ? compile::OnLeave::remove
                                                  : compile::OnLeave::forget});
        }
    }
    DifferenceSources adopting = sources;
    adopting.adopts = [](const std::string&) { return true; };
    HostDifference found = plans::difference(std::move(there), std::move(wanted), adopting);
    std::erase_if(found.resources,
                  [](const ResourceDifference& one) { return one.change == ChangeKind::own; });
    for (ResourceDifference& one : found.resources) {
        if (one.wanted) one.wanted->owners.clear();
    }
    return found;
}

Result<HostComparison> compare(HostCompiler& compiler, const state::View& view,
                               const secrets::Protector& protector, const model::Model& model,
                               const state::Host& host, const std::vector<ResourceEdit>& edits) {
    HostComparison compared(compiler, view, protector, host.id);
    EK_CHECK(compared.read());
    compile::Compiled compiled = EK_TRY(compiler.compile(host));
    if (compiled.errors.empty()) {
        for (const compile::WantedResource& one : compiled.resources) {
            compared.wanted_.push_back(one.ref);
        }
    }
    const wire::RelationLookup known = commands::known_of(view, host.id);
    const DifferenceSources stored{.same_description =
                                       [&](const wire::Ref& ref, const json::Value& wanted) {
                                           return compared.is_same(ref, wanted);
                                       },
                                   .open = [&](const wire::Ref& ref) { return compared.open(ref); },
                                   .adopts =
                                       [&](const std::string& name) {
                                           const compile::Assignment* assignment =
                                               model.assignment(name);
                                           return assignment && assignment->adopts;
                                       },
                                   .offers = known.offers};
    std::vector<DescribedResource> described = compared.described();
    std::map<wire::Ref, json::Value> said;
    for (const ResourceEdit& edit : edits) {
        const state::Resource* before = compared.find(edit.request.ref);
        if (auto says = description_by(edit, before)) {
            describe(described, *says);
            said[says->ref] = std::move(says->description);
        } else if (before) {
            let_go(described, edit, *before);
        }
    }
    DifferenceSources sources = stored;
    sources.same_description = [&](const wire::Ref& ref, const json::Value& wanted) {
        const auto found = said.find(ref);
        return found == said.end() ? compared.is_same(ref, wanted) : found->second == wanted;
    };
    sources.open = [&](const wire::Ref& ref) {
        const auto found = said.find(ref);
        return found == said.end() ? compared.open(ref) : std::optional(found->second);
    };
    compared.difference_ =
        together(compared.of_edits(edits, stored),
                 plans::difference(std::move(described), std::move(compiled), sources));
    return compared;
}

}  // namespace evenkeel::plans
