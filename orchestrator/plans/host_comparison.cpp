#include "orchestrator/plans/host_comparison.hpp"

#include <utility>

#include "core/secrets/protector.hpp"
#include "orchestrator/commands/describe.hpp"
#include "orchestrator/plans/host_compiler.hpp"
#include "orchestrator/plans/owners.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

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

Result<HostComparison> compare(HostCompiler& compiler, const state::View& view,
                               const secrets::Protector& protector, const model::Model& model,
                               const state::Host& host) {
    HostComparison compared(compiler, view, protector, host.id);
    EK_CHECK(compared.read());
    compile::Compiled compiled = EK_TRY(compiler.compile(host));
    if (compiled.errors.empty()) {
        for (const compile::WantedResource& one : compiled.resources) {
            compared.wanted_.push_back(one.ref);
        }
    }
    const wire::RelationLookup known = commands::known_of(view, host.id);
    compared.difference_ =
        plans::difference(compared.described(), std::move(compiled),
                          {.same_description =
                               [&](const wire::Ref& ref, const json::Value& wanted) {
                                   return compared.is_same(ref, wanted);
                               },
                           .open = [&](const wire::Ref& ref) { return compared.open(ref); },
                           .adopts =
                               [&](const std::string& name) {
                                   const compile::Assignment* assignment = model.assignment(name);
                                   return assignment && assignment->adopts;
                               },
                           .offers = known.offers});
    return compared;
}

}  // namespace evenkeel::plans
