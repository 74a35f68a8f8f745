#include "sdk/client/cli/manifests/changes.hpp"

#include <algorithm>
#include <utility>

#include "sdk/client/cli/hosts.hpp"

namespace evenkeel::cli {
namespace {

constexpr const char* kDefaultEnvironment = "default";
constexpr const char* kSecret = "(secret)";

void add_differing(const std::string& at, const json::Value& before, const json::Value& after,
                   std::vector<FieldChange>& fields) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) {
        for (const auto& [name, value] : before.as_object()) {
            add_differing(json::pointer(at, name), value, after[name], fields);
        }
        for (const auto& [name, value] : after.as_object()) {
            if (!before.find(name)) add_differing(json::pointer(at, name), {}, value, fields);
        }
        return;
    }
    if (before.is_array() && after.is_array()) {
        const json::Array& a = before.as_array();
        const json::Array& b = after.as_array();
        for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
            add_differing(at + "/" + std::to_string(i), i < a.size() ? a[i] : json::Value(),
                          i < b.size() ? b[i] : json::Value(), fields);
        }
        return;
    }
    fields.push_back({at, before, after});
}

bool is_redacted(const json::Value& value) {
    return value.is_object() && value.as_object().size() == 1 && value["redacted"].is_string();
}

class Comparison {
  public:
    Comparison(const KnownObjects& known, HostNames& hosts, const SourceOptions& options)
        : known_(known), hosts_(hosts), options_(options) {}

    client::Result<Changes> find(const Manifests& manifests) {
        for (const auto& [key, declared] : manifests.objects) {
            if (const auto added = add(key, declared); !added) return added.error();
        }
        add_deleted(manifests);
        if (!problems_.empty()) return failure_of(std::move(problems_));
        std::sort(changes_.all.begin(), changes_.all.end(),
                  [](const auto& a, const auto& b) { return a.key < b.key; });
        return std::move(changes_);
    }

  private:
    void add_problem(const Place& place, const std::string& below, std::string why) {
        problems_.push_back({place.text(below), "invalid", std::move(why)});
    }

    client::Result<> add(ObjectKey key, const Declared& declared) {
        json::Object body = declared.body;
        if (const auto by_id = put_host_ids(key, body, declared.place); !by_id) return by_id;
        if (!declared_.insert(key).second) {
            add_problem(declared.place, "", "is declared twice, by the name and the id of a host");
            return {};
        }
        const auto found = known_.find(key);
        const KnownObject* before = found == known_.end() ? nullptr : &found->second;
        if (!declared.unset.empty() && !keep_secret(key, declared, before, body)) return {};
        compare(std::move(key), declared, before, std::move(body));
        return {};
    }

    // Hosts are told apart by their ids.
    client::Result<> put_host_ids(ObjectKey& key, json::Object& body, const Place& place) {
        if (key.kind == ObjectKind::setting) {
            const auto [scope, name] = parts_of_setting(key);
            const auto by_id = hosts_.scope_by_id(scope);
            if (!by_id) return by_id.error();
            if (scope.starts_with("host:") && !is_there(scope.substr(5))) {
                add_problem(place, "", "there is no host " + scope.substr(5));
            }
            key = setting_key(*by_id, name);
            return put_link_id(body);
        }
        const json::Value* host = body.find("host");
        if (key.kind != ObjectKind::assignment || !host || !host->is_string()) return {};
        const auto found = hosts_.find(host->as_string());
        if (!found) return found.error();
        if (*found) body.set("host", (*found)->id);
        else add_problem(place, "/host", "there is no host " + host->as_string());
        return {};
    }

    bool is_there(const std::string& host) {
        const auto found = hosts_.find(host);
        return found && *found != nullptr;
    }

    client::Result<> put_link_id(json::Object& body) {
        json::Value* link = body.find("link");
        if (!link || !(*link)["scope"].is_string()) return {};
        const auto by_id = hosts_.scope_by_id((*link)["scope"].as_string());
        if (!by_id) return by_id.error();
        link->as_object().set("scope", *by_id);
        return {};
    }

    // The secret that is there takes the place of the one that is not given.
    bool keep_secret(const ObjectKey& key, const Declared& declared, const KnownObject* before,
                     json::Object& body) {
        const json::Value* value = before ? before->body.find("value") : nullptr;
        if (!value || !is_redacted(*value)) {
            add_problem(declared.place, "/value_from/env",
                        "the variable " + declared.unset +
                            " is not set, and the orchestrator has no secret here to keep");
            return false;
        }
        body.set("value", *value);
        changes_.kept.push_back(key.name + ": " + declared.unset);
        return true;
    }

    void compare(ObjectKey key, const Declared& declared, const KnownObject* before,
                 json::Object body) {
        ObjectChange change{.key = std::move(key), .place = declared.place};
        const std::string source = before && options_.name.empty() ? before->source : options_.name;
        if (before) {
            change.change = ObjectChangeKind::change;
            json::Object after = with_defaults(change.key.kind, body);
            if (change.key.kind == ObjectKind::setting) {
                change.is_known = !hide_secret(before->body, after);
            }
            change.fields = differing_fields(before->body, after);
            if (!change.fields.empty()) change.is_known = true;
            if (source != before->source) {
                change.fields.push_back({"/source", or_null(before->source), or_null(source)});
                change.is_known = true;
            }
            if (change.fields.empty() && change.is_known) return;
        }
        if (!source.empty()) body.set("source", source);
        change.body = std::move(body);
        changes_.all.push_back(std::move(change));
    }

    static json::Value or_null(const std::string& text) {
        return text.empty() ? json::Value() : json::Value(text);
    }

    // A secret is never shown. True where only the orchestrator knows whether it differs.
    static bool hide_secret(const json::Value& before, json::Object& after) {
        json::Value& value = *after.find("value");
        if (value.is_null() || is_redacted(value)) return false;
        const bool was_secret = is_redacted(before["value"]);
        if (was_secret) value = before["value"];
        else if (json::Value(after).bool_or("secret")) value = kSecret;
        return was_secret;
    }

    void add_deleted(const Manifests& manifests) {
        for (const auto& [key, object] : known_) {
            if (declared_.contains(key)) continue;
            const bool is_pruned = options_.prune && object.source == options_.name;
            if (!is_pruned && !is_left_out(key, manifests)) continue;
            if (key == ObjectKey{ObjectKind::environment, kDefaultEnvironment}) {
                reset_default(key, object);
            } else if (!goes_with_assignment(key)) {
                changes_.all.push_back({.key = key, .change = ObjectChangeKind::remove});
            }
        }
    }

    // Whether it is a setting of an assignment that declares all of its settings.
    static bool is_left_out(const ObjectKey& key, const Manifests& manifests) {
        if (key.kind != ObjectKind::setting) return false;
        const std::string scope = parts_of_setting(key).first;
        return scope.starts_with(kAssignmentScope) &&
               manifests.with_settings.contains(scope.substr(kAssignmentScope.size()));
    }

    // The settings of an assignment that is deleted.
    bool goes_with_assignment(const ObjectKey& key) const {
        if (key.kind != ObjectKind::setting) return false;
        const std::string scope = parts_of_setting(key).first;
        if (!scope.starts_with(kAssignmentScope)) return false;
        const ObjectKey owner{ObjectKind::assignment, scope.substr(kAssignmentScope.size())};
        const auto found = known_.find(owner);
        return options_.prune && !declared_.contains(owner) && found != known_.end() &&
               found->second.source == options_.name;
    }

    // It is always there: what was said of it goes.
    void reset_default(const ObjectKey& key, const KnownObject& object) {
        ObjectChange change{.key = key, .change = ObjectChangeKind::change};
        change.fields = differing_fields(object.body, with_defaults(key.kind, {}));
        change.fields.push_back({"/source", or_null(object.source), {}});
        change.body = json::Object{};
        changes_.all.push_back(std::move(change));
    }

    const KnownObjects& known_;
    HostNames& hosts_;
    const SourceOptions& options_;
    std::set<ObjectKey> declared_;  // with the ids of hosts
    Changes changes_;
    Problems problems_;
};

}  // namespace

std::size_t Changes::count() const {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& one) { return one.is_known; }));
}

std::vector<FieldChange> differing_fields(const json::Value& before, const json::Value& after) {
    std::vector<FieldChange> fields;
    add_differing("", before, after, fields);
    std::sort(fields.begin(), fields.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return fields;
}

client::Result<Changes> find_changes(const Manifests& manifests, const KnownObjects& known,
                                     HostNames& hosts, const SourceOptions& options) {
    if (manifests.objects.empty() && !(options.prune && options.allows_empty)) {
        return client::Failure{
            .kind = client::Kind::local,
            .code = kMisused,
            .detail = options.prune ? "there are no manifests left: --allow-empty deletes all that "
                                      "the source " +
                                          options.name + " made"
                                    : "there are no manifests here"};
    }
    return Comparison(known, hosts, options).find(manifests);
}

}  // namespace evenkeel::cli
