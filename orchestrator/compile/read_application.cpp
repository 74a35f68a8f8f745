#include <algorithm>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "orchestrator/compile/application.hpp"

namespace evenkeel::compile {
namespace {

// Marks that nobody writes by chance, for a filter or a name that is not written as a tag.
const templates::Marks kHiddenMarks{"<@@@@@@<", ">@@@@@@>"};

std::string joined(const std::vector<std::string_view>& names) {
    std::string text;
    for (std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
    return text;
}

class Reader {
  public:
    explicit Reader(std::vector<WrongPlace>& wrong) : wrong_(wrong) {}

    Application read(const json::Value& body) {
        Application application;
        if (!only(body, "", {"note", "parameters", "resources", "peers"})) return application;
        text(body, "", "note");
        read_parameters(body["parameters"], application);
        read_peers(body["peers"], application);
        read_resources(body["resources"], application);
        collect_names(application);
        return application;
    }

  private:
    void add(std::string pointer, std::string code, std::string detail) {
        wrong_.push_back({std::move(pointer), std::move(code), std::move(detail)});
    }
    void invalid(std::string pointer, std::string detail) {
        add(std::move(pointer), "invalid", std::move(detail));
    }

    bool only(const json::Value& value, const std::string& at,
              const std::vector<std::string_view>& names) {
        if (!value.is_object()) {
            invalid(at, "must be an object");
            return false;
        }
        for (const auto& [name, member] : value.as_object()) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            add(json::pointer(at, name), "unknown-field", "there are " + joined(names));
        }
        return true;
    }

    // The member, which may be missing, as text.
    std::string text(const json::Value& value, const std::string& at, const std::string& name) {
        const json::Value& member = value[name];
        if (member.is_string()) return member.as_string();
        if (!member.is_null()) invalid(at + "/" + name, "must be text");
        return "";
    }

    template <typename Enum>
    std::optional<Enum> word(const json::Value& value, const std::string& at,
                             const std::string& name) {
        const std::string given = text(value, at, name);
        if (given.empty()) return std::nullopt;
        auto found = from_string<Enum>(given);
        if (found) return *found;
        invalid(at + "/" + name, found.error().what);
        return std::nullopt;
    }

    void read_parameters(const json::Value& parameters, Application& application) {
        if (parameters.is_null()) return;
        if (!parameters.is_object() || parameters.string_or("type", "object") != "object") {
            return invalid("/parameters", "must be the JSON Schema of an object");
        }
        auto schema = schema::Schema::compile(json::write(parameters));
        if (!schema) return invalid("/parameters", schema.error().what);
        application.schema = std::make_shared<const schema::Schema>(*std::move(schema));
        const json::Value& properties = parameters["properties"];
        if (!properties.is_object()) return;
        for (const auto& [key, property] : properties.as_object()) {
            read_parameter(key, property, parameters["required"], application);
        }
        std::sort(application.parameters.begin(), application.parameters.end(),
                  [](const auto& a, const auto& b) { return a.key < b.key; });
    }

    void read_parameter(const std::string& key, const json::Value& property,
                        const json::Value& required, Application& application) {
        const std::string at = json::pointer("/parameters/properties", key);
        if (!is_setting_key(key) || key.find(':') != std::string::npos) {
            invalid(at,
                    "must be the key of a setting: [a-z_][a-z0-9_]{0,63}, and none of host, "
                    "environment, application, peers, item, key, root");
        }
        const std::string merge = property.string_or("x-ek-merge");
        if (!merge.empty() && merge != "keys") invalid(at + "/x-ek-merge", "must be \"keys\"");
        Parameter parameter{.key = key, .merges = merge == "keys"};
        if (const json::Value* value = property.find("default")) parameter.default_value = *value;
        parameter.is_required =
            required.is_array() && std::find(required.as_array().begin(), required.as_array().end(),
                                             json::Value(key)) != required.as_array().end();
        application.parameters.push_back(std::move(parameter));
    }

    void read_peers(const json::Value& peers, Application& application) {
        if (peers.is_null()) return;
        if (!peers.is_object()) return invalid("/peers", "must be an object");
        if (peers.as_object().size() > kPeerRulesMost) {
            return invalid("/peers", "must have at most 32 members");
        }
        for (const auto& [name, rule] : peers.as_object()) {
            const std::string at = json::pointer("/peers", name);
            if (!is_setting_key(name) || name.find(':') != std::string::npos) {
                invalid(at, "must be named like a setting");
            }
            application.peers.emplace(name, read_peer(name, rule, at));
        }
    }

    PeerRule read_peer(const std::string& name, const json::Value& rule, const std::string& at) {
        PeerRule peers;
        peers.name = name;
        if (!only(rule, at, {"filter", "within", "min"})) return peers;
        peers.filter_text = text(rule, at, "filter");
        if (!rule["filter"].is_null()) {
            auto filter = filter::Filter::read(peers.filter_text, host_filter_fields());
            if (filter) {
                peers.filter = *std::move(filter);
            } else {
                add(at + "/filter", "bad-filter", filter.error().sentence());
            }
        }
        const std::string within = rule.string_or("within", "environment");
        if (within != "environment" && within != "all") {
            invalid(at + "/within", "must be \"environment\" or \"all\"");
        }
        peers.is_everywhere = within == "all";
        const std::int64_t at_least = rule.integer_or("min");
        const bool is_count = rule["min"].is_null() || rule["min"].is_integer();
        if (!is_count || at_least < 0 || at_least > 100'000) {
            invalid(at + "/min", "must be a whole number from 0 to 100000");
        } else {
            peers.at_least = static_cast<std::uint32_t>(at_least);
        }
        return peers;
    }

    void read_resources(const json::Value& resources, Application& application) {
        if (resources.is_null()) return;
        if (!resources.is_array()) return invalid("/resources", "must be an array");
        if (resources.as_array().size() > kApplicationResourcesMost) {
            return invalid("/resources", "must be at most 1000 resources");
        }
        for (const json::Value& resource : resources.as_array()) {
            const std::string at = "/resources/" + std::to_string(application.resources.size());
            application.resources.push_back(read_resource(resource, at));
        }
    }

    ResourceRule read_resource(const json::Value& resource, const std::string& at) {
        ResourceRule rule;
        rule.pointer = at;
        if (!only(resource, at,
                  {"collection", "id", "description", "policy", "requires", "notifies", "when",
                   "for_each", "template", "on_leave"})) {
            return rule;
        }
        rule.collection = text(resource, at, "collection");
        if (rule.collection.empty())
            invalid(at + "/collection", "must be the name of a collection");
        if (!resource["id"].is_string()) invalid(at + "/id", "must be text");
        if (!resource["description"].is_object()) {
            invalid(at + "/description", "must be an object");
        }
        for (const char* list : {"requires", "notifies"}) {
            if (!resource[list].is_null() && !resource[list].is_array()) {
                invalid(at + "/" + list, "must be an array");
            }
        }
        rule.policy = word<wire::Policy>(resource, at, "policy");
        rule.on_leave = word<OnLeave>(resource, at, "on_leave");
        const auto marks = read_marks(resource["template"], at + "/template");
        const templates::Marks* given = marks ? &*marks : nullptr;
        rule.id = value(resource, at, "id", given);
        rule.description = value(resource, at, "description", given);
        rule.required = value(resource, at, "requires", given);
        rule.notified = value(resource, at, "notifies", given);
        rule.when = hidden(resource, at, "when", "#if ", "true<@@@@@@</if>@@@@@@>", "bad-filter");
        rule.for_each = hidden(resource, at, "for_each", "", "", "bad-template");
        return rule;
    }

    // Nothing: strings are taken as they are.
    std::optional<templates::Marks> read_marks(const json::Value& given, const std::string& at) {
        if (given.is_null()) return templates::Marks{};
        if (given.is_bool()) {
            return given.as_bool() ? std::optional(templates::Marks{}) : std::nullopt;
        }
        if (given.is_array() && given.as_array().size() == 2 && given.as_array()[0].is_string() &&
            given.as_array()[1].is_string()) {
            auto marks = templates::read_marks(given.as_array()[0].as_string(),
                                               given.as_array()[1].as_string());
            if (marks) return *std::move(marks);
            invalid(at, marks.error().what);
            return std::nullopt;
        }
        invalid(at, "must be false, or the two marks of a tag: [\"<%\",\"%>\"]");
        return std::nullopt;
    }

    ValueTemplate value(const json::Value& resource, const std::string& at, const std::string& name,
                        const templates::Marks* marks) {
        std::vector<PlacedFault> faults;
        auto parsed = ValueTemplate::parse(
            resource[name], {.read_condition = &condition_reader(), .marks = marks}, faults);
        for (const PlacedFault& each : faults) {
            add(at + "/" + name + each.pointer, "bad-template", templates::to_string(each.fault));
        }
        return parsed;
    }

    // A filter or a name as a template of its own.
    std::optional<templates::Template> hidden(const json::Value& resource, const std::string& at,
                                              const std::string& name, const std::string& before,
                                              const std::string& after, const std::string& code) {
        if (resource[name].is_null()) return std::nullopt;
        const std::string given = text(resource, at, name);
        auto parsed = templates::Template::parse(
            kHiddenMarks.open + before + given + kHiddenMarks.close + after, condition_reader(),
            kHiddenMarks);
        if (parsed) return *std::move(parsed);
        add(at + "/" + name, code, parsed.error().what);
        return std::nullopt;
    }

    static void collect_names(Application& application) {
        std::vector<std::string> names;
        const auto add_all = [&](const std::optional<templates::Template>& from) {
            if (!from) return;
            for (const templates::NameUse& use : from->names_used()) names.push_back(use.path);
        };
        for (const ResourceRule& rule : application.resources) {
            rule.id.collect_names(names);
            rule.description.collect_names(names);
            rule.required.collect_names(names);
            rule.notified.collect_names(names);
            add_all(rule.when);
            add_all(rule.for_each);
        }
        for (const Parameter& parameter : application.parameters) names.push_back(parameter.key);
        const std::set<std::string> sorted(names.begin(), names.end());
        application.names_used.assign(sorted.begin(), sorted.end());
    }

    std::vector<WrongPlace>& wrong_;
};

}  // namespace

const Parameter* Application::parameter(std::string_view key) const {
    const auto found = std::lower_bound(
        parameters.begin(), parameters.end(), key,
        [](const Parameter& parameter, std::string_view wanted) { return parameter.key < wanted; });
    return found != parameters.end() && found->key == key ? &*found : nullptr;
}

ParameterRule Application::rule_of(std::string_view key) const {
    const Parameter* found = parameter(key);
    if (!found) return {};
    return {.default_value = found->default_value ? &*found->default_value : nullptr,
            .merges = found->merges};
}

Application read_application(std::string name, std::uint32_t version, const json::Value& body,
                             std::vector<WrongPlace>& wrong) {
    Application application = Reader(wrong).read(body);
    application.name = std::move(name);
    application.version = version;
    application.body = body;
    return application;
}

}  // namespace evenkeel::compile
