#pragma once

#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/crypto/sealer.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/compile/host_fields.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/difference.hpp"
#include "tests/unit/core/temp_folder.hpp"

namespace evenkeel::plans {

using model::ModelKind;
using model::ObjectChange;
using Hosts = std::map<std::string, compile::Host>;  // by id, which is the name too

inline compile::Host host_of(const std::string& name, const std::string& environment = "default",
                             const char* labels = "{}", const char* facts = "{}") {
    return {name, name, environment, *json::parse(labels), *json::parse(facts)};
}

inline ObjectChange put(ModelKind kind, const std::string& name, const std::string& body) {
    return {kind, name, *json::parse(body)};
}
inline ObjectChange erase(ModelKind kind, const std::string& name) {
    return {kind, name, {}};
}

// Edits of a model, whose older versions of applications are kept.
class Editing {
  public:
    model::Edited edit(const model::Model& model, const std::vector<ObjectChange>& changes,
                       const Hosts& hosts) {
        const model::Lookup lookup{
            .id_of = [&](std::string_view host) -> std::string {
                return hosts.contains(std::string(host)) ? std::string(host) : "";
            },
            .has_hosts_in =
                [&](std::string_view environment) {
                    for (const auto& [id, host] : hosts) {
                        if (host.environment == environment) return true;
                    }
                    return false;
                },
            .body_of = [&](std::string_view application,
                           std::uint32_t version) { return body_of(application, version); }};
        model::Edited edited = model::edit(model, changes, lookup, protector_);
        if (!edited.wrong.empty()) return edited;
        for (const model::ObjectWrite& write : edited.writes) {
            if (write.version != 0) versions_[write.name][write.version] = write.body;
        }
        return edited;
    }

  private:
    json::Value body_of(std::string_view application, std::uint32_t version) const {
        const auto found = versions_.find(std::string(application));
        if (found == versions_.end()) return {};
        const auto body = found->second.find(version);
        return body == found->second.end() ? json::Value() : body->second;
    }

    test::TempFolder folder_;
    secrets::Protector protector_{
        *crypto::Sealer::open(folder_ / "seal.key", crypto::Sealer::Missing::create)};
    std::map<std::string, std::map<std::uint32_t, json::Value>> versions_;
};

// The slow and obvious way: what one host shall have, asking all hosts for each rule about peers.
inline compile::Compiled compile_host(const model::Model& model, const Hosts& hosts,
                                      const compile::Host& host) {
    std::list<json::Value> kept;
    const compile::Sources sources{
        .find_setting = [&](const compile::Place& place) { return model.setting(place); },
        .keys_of = [](const compile::Scope&) { return std::vector<std::string>(); },
        .peers = [&](const compile::PeerRule& rule,
                     const compile::Host& of) -> Result<const json::Value*> {
            json::Array found;
            for (const auto& [id, other] : hosts) {
                const bool is_near =
                    rule.is_everywhere || compile::is_within(other.environment, of.environment);
                if (!is_near || !compile::matches(rule.filter, other)) continue;
                found.push_back(json::Object{{"id", other.id},
                                             {"name", other.name},
                                             {"labels", other.labels},
                                             {"facts", other.facts}});
            }
            return &kept.emplace_back(std::move(found));
        },
        .is_secret_field = [](const std::string&, const std::string&) { return true; },
        .check = [](const wire::Ref&,
                    const json::Value&) { return std::vector<compile::WrongDescription>(); }};
    return compile::compile(host, model.assigned_to(host), sources);
}

// All that is in it, for comparing; of errors not what they say of other names that exist.
inline std::string text_of(const compile::WantedResource& wanted) {
    json::Object relations;
    wire::put_relations(relations, wanted.relations);
    std::string text = wire::text_of(wanted.ref) + " " + json::write_canonical(wanted.description) +
                       std::string(to_string(wanted.policy)) + json::write(std::move(relations));
    for (const compile::Owner& owner : wanted.owners) {
        text += " " + owner.assignment + "/" + owner.application + std::to_string(owner.version) +
                std::string(to_string(owner.on_leave));
    }
    return text;
}
inline std::string text_of(const compile::Compiled& compiled) {
    std::string text;
    if (compiled.errors.empty()) {
        for (const auto& resource : compiled.resources) text += text_of(resource) + "\n";
    }
    for (const compile::CompileError& error : compiled.errors) {
        text +=
            error.assignment + " " + error.pointer + " " + error.code + " " + error.detail + "\n";
    }
    return text;
}

// What a host has, changed by differences as a service would do it.
class DescribedHost {
  public:
    void put_directly(const wire::Ref& ref, json::Value description,
                      const std::vector<wire::Ref>& required = {}) {
        auto& [there, stored] = resources_[ref];
        there.ref = ref;
        there.relations.required = required;
        stored = std::move(description);
    }
    DescribedResource& at(const wire::Ref& ref) { return resources_.at(ref).first; }

    HostDifference difference(compile::Compiled compiled, bool adopts = false) const {
        return plans::difference(described(), std::move(compiled), sources(adopts));
    }
    std::vector<DescribedResource> described() const {
        std::vector<DescribedResource> all;
        for (const auto& [ref, resource] : resources_) all.push_back(resource.first);
        return all;
    }
    DifferenceSources sources(bool adopts) const {
        return {.same_description =
                    [this](const wire::Ref& ref, const json::Value& wanted) {
                        return resources_.at(ref).second == wanted;
                    },
                .open = [this](const wire::Ref& ref) { return resources_.at(ref).second; },
                .adopts = [adopts](const std::string&) { return adopts; }};
    }

    void apply(const HostDifference& difference) {
        for (const ResourceDifference& each : difference.resources) {
            if (!each.wanted) {
                ASSERT_EQ(resources_.erase(each.ref), 1U);
                continue;
            }
            const compile::WantedResource& wanted = *each.wanted;
            auto& [there, description] = resources_[each.ref];
            there = {.ref = each.ref,
                     .policy = wanted.policy,
                     .relations = wanted.relations,
                     .owners = wanted.owners};
            description = wanted.description;
        }
    }

    // Those with owners, as compile() would give them.
    std::string owned() const {
        std::string text;
        for (const auto& [ref, resource] : resources_) {
            const auto& [there, description] = resource;
            if (there.owners.empty()) continue;
            text += text_of(compile::WantedResource{ref, description, there.policy, there.relations,
                                                    there.owners}) +
                    "\n";
        }
        return text;
    }

  private:
    std::map<wire::Ref, std::pair<DescribedResource, json::Value>> resources_;
};

}  // namespace evenkeel::plans
