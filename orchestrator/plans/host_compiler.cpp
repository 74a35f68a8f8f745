#include "orchestrator/plans/host_compiler.hpp"

#include <algorithm>

#include "core/schema/ids.hpp"
#include "core/schema/schema.hpp"
#include "core/schema/sensitive.hpp"
#include "orchestrator/commands/check_fields.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/schema_cache.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::plans {
namespace {

bool is_within(std::string_view environment, std::string_view root) {
    return environment.starts_with(root) &&
           (environment.size() == root.size() || environment[root.size()] == '/');
}

json::Value shown_to_peers(const json::Value& host) {
    return json::Object{{"id", host["id"]},
                        {"name", host["name"]},
                        {"labels", host["labels"]},
                        {"facts", host["facts"]}};
}

}  // namespace

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
    auto compiled = compile::compile(
        seen, model_.assigned_to(seen),
        {.find_setting = [this](const compile::Place& place) { return model_.setting(place); },
         .keys_of =
             [this](const compile::Scope& scope) {
                 std::vector<std::string> keys;
                 const model::ScopeSettings* settings = model_.settings(scope);
                 if (!settings) return keys;
                 for (const auto& [key, setting] : *settings) keys.push_back(key);
                 return keys;
             },
         .peers = [this](const compile::PeerRule& rule,
                         const compile::Host& of) { return peers(rule, of); },
         .is_secret_field =
             [this](const std::string& collection, const std::string& pointer) {
                 return is_secret(collection, pointer);
             },
         .check = [this](const wire::Ref& ref,
                         const json::Value& description) { return check(ref, description); }});
    EK_CHECK(std::move(read_));
    return compiled;
}

HostCompiler::Collection HostCompiler::collection(const std::string& name) const {
    const auto found = collections_.find(name);
    return found == collections_.end() ? Collection{} : found->second;
}

Result<const json::Value*> HostCompiler::peers(const compile::PeerRule& rule,
                                               const compile::Host& host) {
    const std::string within = rule.is_everywhere ? "" : host.environment;
    const auto place = std::make_pair(&rule, within);
    if (const auto known = found_.find(place); known != found_.end()) return &known->second;
    if (!all_peers_) {
        if (auto read = read_all_peers(); !read) {
            read_ = read;
            return fail(read.error());
        }
    }
    json::Array found;
    for (const Peer& peer : *all_peers_) {
        if (!within.empty() && !is_within(peer.environment, within)) continue;
        if (rule.filter.matches(peer.value)) found.push_back(shown_to_peers(peer.value));
    }
    return &found_.emplace(place, std::move(found)).first->second;
}

Result<void> HostCompiler::read_all_peers() {
    all_peers_.emplace();
    EK_CHECK(view_.hosts().each_in("", [&](const state::Host& stored) {
        const state::Host& host = edited_ ? as_left(*edited_, stored) : stored;
        all_peers_->push_back({host.environment, json::Object{{"id", host.id},
                                                              {"name", host.name},
                                                              {"environment", host.environment},
                                                              {"labels", host.labels},
                                                              {"facts", host.facts}}});
        return true;
    }));
    std::sort(all_peers_->begin(), all_peers_->end(), [](const Peer& a, const Peer& b) {
        return a.value["name"].as_string() < b.value["name"].as_string();
    });
    return {};
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
