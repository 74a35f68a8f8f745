#include "orchestrator/plans/host_compiler.hpp"

#include "core/schema/ids.hpp"
#include "core/schema/schema.hpp"
#include "core/schema/sensitive.hpp"
#include "orchestrator/commands/check_fields.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {

compile::Host compiled_host(const state::Host& host) {
    return {.id = host.id,
            .name = host.name,
            .environment = host.environment,
            .labels = host.labels,
            .facts = host.facts};
}

Result<compile::Compiled> HostCompiler::compile(const state::Host& host) {
    collections_.clear();
    read_ = {};
    for (const state::Collection& each : EK_TRY(view_.collections().of(host.id))) {
        collections_[each.name] = {EK_TRY(schemas_.find_hash(view_, each.schema_sha256)),
                                   each.schema_version};
    }
    const compile::Host seen = compiled_host(host);
    auto compiled = compile::compile(seen, model_.assigned_to(seen), sources());
    EK_CHECK(std::move(read_));
    return compiled;
}

Result<std::vector<wire::Ref>> HostCompiler::refs_of(const compile::Host& host,
                                                     const compile::Assigned& assigned,
                                                     const std::vector<compile::RuleUse>& rules) {
    read_ = {};
    auto refs = compile::refs_of(host, assigned, rules, sources());
    EK_CHECK(std::move(read_));
    return refs;
}

compile::Sources HostCompiler::sources() {
    return {.find_setting = [this](const compile::Place& place) { return model_.setting(place); },
            .keys_of =
                [this](const compile::Scope& scope) {
                    std::vector<std::string> keys;
                    const model::ScopeSettings* settings = model_.settings(scope);
                    if (!settings) return keys;
                    for (const auto& [key, setting] : *settings) keys.push_back(key);
                    return keys;
                },
            .peers =
                [this](const compile::PeerRule& rule, const compile::Host& of) {
                    auto found = peers_->find(view_, rule, of);
                    if (!found) read_ = fail(found.error());
                    return found;
                },
            .is_secret_field =
                [this](const std::string& collection, const std::string& pointer) {
                    return is_secret(collection, pointer);
                },
            .has_schema =
                [this](const std::string& name) { return collection(name).schema != nullptr; },
            .check = [this](const wire::Ref& ref,
                            const json::Value& description) { return check(ref, description); }};
}

HostCompiler::Collection HostCompiler::collection(const std::string& name) const {
    const auto found = collections_.find(name);
    return found == collections_.end() ? Collection{} : found->second;
}

bool HostCompiler::is_secret(const std::string& collection, const std::string& pointer) const {
    const auto schema = this->collection(collection).schema;
    if (!schema) return true;
    schema::SensitivePlace place = schema->sensitive().root();
    for (const std::string& token : json::pointer_tokens(pointer)) {
        if (place.is_secret()) return true;
        place = place.step(token);
    }
    return place.is_secret();
}

std::vector<compile::WrongDescription> HostCompiler::check(const wire::Ref& ref,
                                                           const json::Value& description) const {
    if (collections_.empty()) return {};
    const auto reported = collections_.find(ref.collection);
    if (reported == collections_.end()) {
        return {{"", "the host has no collection " + ref.collection}};
    }
    const schema::Schema* schema = reported->second.schema.get();
    std::vector<compile::WrongDescription> wrong;
    if (schema && !schema->accepts_key(ref.id)) {
        const std::string canonical = schema::canonical_id(*schema, ref.id);
        wrong.push_back(
            {"", "the id must be " + (canonical.empty() ? schema->key_description() : canonical)});
    }
    for (schema::FieldError& error : commands::check_fields(schema, description)) {
        wrong.push_back({std::move(error.pointer), std::move(error.detail)});
    }
    return wrong;
}

}  // namespace evenkeel::plans
