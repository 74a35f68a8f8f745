#include "orchestrator/compile/compile.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/wire/relations.hpp"
#include "orchestrator/compile/names.hpp"

namespace evenkeel::compile {
namespace {

// What makes the resources of one assignment.
class Maker {
  public:
    Maker(const Host& host, const json::Value& host_value, const Assigned& assigned,
          const Sources& sources, std::vector<MadeResource>& made,
          std::vector<CompileError>& errors)
        : host_(host),
          assigned_(assigned),
          sources_(sources),
          names_(host, host_value, assigned, sources),
          made_(made),
          errors_(errors) {}

    void make() {
        check_parameters();
        check_peers();
        for (const ResourceRule& rule : assigned_.application->resources) make_rule(rule);
    }

  private:
    void add(std::string pointer, std::string code, std::string detail) {
        errors_.push_back(
            {assigned_.assignment->name, std::move(pointer), std::move(code), std::move(detail)});
    }

    // `before`: columns of the template that nobody has written.
    void add(const std::string& pointer, templates::Fault fault, std::size_t before = 0) {
        if (fault.place.line == 1) fault.place.column -= std::min(before, fault.place.column - 1);
        const bool is_unknown = fault.code == Errc::not_found;
        add(pointer, is_unknown ? "unknown-name" : "bad-template", templates::to_string(fault));
    }

    void check_parameters() {
        const Application& application = *assigned_.application;
        if (!application.schema) return;
        json::Object values;
        for (const Parameter& parameter : application.parameters) {
            const std::string at = json::pointer("/parameters/properties", parameter.key);
            const auto setting = names_.setting(parameter.key);
            if (!setting) {
                add(at, "bad-link", setting.error().what);
            } else if (*setting) {
                values.append(parameter.key, (*setting)->value);
            } else if (parameter.is_required) {
                add(at, "missing-setting",
                    "there is no setting " + parameter.key + " for this host, and no default");
            }
        }
        const json::Value given = std::move(values);
        for (const auto& wrong : application.schema->validate(given, schema::Mode::description)) {
            // What is missing is told above.
            if (!json::at_pointer(given, wrong.pointer)) continue;
            add("/parameters/properties" + wrong.pointer, "invalid-setting",
                origin_of(wrong.pointer) + wrong.detail);
        }
    }

    // "setting global port: ", where the value of the parameter that is wrong comes from.
    std::string origin_of(const std::string& pointer) {
        const auto tokens = json::pointer_tokens(pointer);
        if (tokens.empty()) return "";
        const auto setting = names_.setting(tokens.front());
        if (!setting || !*setting) return "";
        const auto& from = (*setting)->from;
        return from ? "setting " + text_of(*from) + ": " : "the parameter's default: ";
    }

    // Whether any template looks at them or not.
    void check_peers() {
        for (const auto& [name, rule] : assigned_.application->peers) {
            if (rule.at_least == 0) continue;
            const std::string at = json::pointer("/peers", name) + "/min";
            const auto peers = sources_.peers(rule, host_);
            if (!peers) {
                add(at, "bad-template", peers.error().what);
            } else if (const std::size_t count = (*peers)->as_array().size();
                       count < rule.at_least) {
                add(at, "too-few-peers",
                    "peers." + name + " are " + std::to_string(count) + " hosts, fewer than " +
                        std::to_string(rule.at_least));
            }
        }
    }

    void make_rule(const ResourceRule& rule) {
        if (!rule.for_each) return make_one(rule, names_);
        const auto list = rule.for_each->render(names_);
        const std::string at = rule.pointer + "/for_each";
        if (!list) return add(at, list.error(), kColumnsBeforeForEach);
        if (list->secret) return add(at, "secret-exposed", exposed(list->secret->path));
        const bool is_list =
            each_item(list->value, names_, [&](auto& names) { make_one(rule, names); });
        if (!is_list) add(at, "bad-template", "must be a list or an object");
    }

    static std::string exposed(const std::string& name) {
        return name +
               " is secret: a secret may only be in the content of a file, or in a "
               "field that is secret itself";
    }

    void make_one(const ResourceRule& rule, templates::NameSource& names) {
        if (!is_wanted(rule, names)) return;
        if (made_.size() >= kHostResourcesMost) {
            return add(rule.pointer, "too-many", "a host has at most 10000 resources");
        }
        const std::size_t errors = errors_.size();
        MadeResource made;
        made.pointer = rule.pointer;
        WantedResource& resource = made.resource;
        resource.ref = {rule.collection, text(rule.id, names, rule.pointer + "/id")};
        describe(rule, names, resource);
        read_relations(rule, names, resource.relations);
        resource.policy =
            assigned_.assignment->policy.value_or(rule.policy.value_or(wire::Policy::report));
        resource.owners.push_back({assigned_.assignment->name, assigned_.application->name,
                                   assigned_.application->version,
                                   rule.on_leave.value_or(assigned_.assignment->on_leave)});
        if (errors_.size() == errors) check(resource, rule);
        made_.push_back(std::move(made));
    }

    bool is_wanted(const ResourceRule& rule, templates::NameSource& names) {
        if (!rule.when) return true;
        const auto judged = rule.when->render(names);
        const std::string at = rule.pointer + "/when";
        if (!judged) {
            add(at, judged.error(), kColumnsBeforeWhen);
            return false;
        }
        if (judged->secret) {
            add(at, "secret-exposed", exposed(judged->secret->path));
            return false;
        }
        return !judged->value.as_string().empty();
    }

    // What may hold no secret.
    json::Value open(const ValueTemplate& value, templates::NameSource& names,
                     const std::string& at) {
        auto rendered = value.render(names);
        if (!rendered) {
            add(at + rendered.error().pointer, rendered.error().fault);
            return {};
        }
        for (const SecretUse& use : rendered->secrets) {
            add(at + use.pointer, "secret-exposed", exposed(use.name));
        }
        return std::move(rendered->value);
    }

    std::string text(const ValueTemplate& value, templates::NameSource& names,
                     const std::string& at) {
        const std::size_t errors = errors_.size();
        const json::Value rendered = open(value, names, at);
        if (rendered.is_string()) return rendered.as_string();
        if (rendered.is_integer()) return json::write(rendered);
        if (errors_.size() == errors) add(at, "bad-template", "must give text");
        return "";
    }

    void describe(const ResourceRule& rule, templates::NameSource& names,
                  WantedResource& resource) {
        const std::string at = rule.pointer + "/description";
        resource.description = json::Object{};
        auto rendered = rule.description.render(names);
        if (!rendered) return add(at + rendered.error().pointer, rendered.error().fault);
        for (const auto& [pointer, name] : rendered->secrets) {
            const bool is_content = rule.collection == "files" &&
                                    (pointer == "/content" || pointer == "/content_base64");
            if (is_content) {
                rendered->value.as_object().set("sensitive", true);
            } else if (!sources_.is_secret_field(rule.collection, pointer)) {
                add(at + pointer, "secret-exposed", exposed(name));
            } else if (sources_.has_schema && !sources_.has_schema(rule.collection)) {
                resource.has_unchecked_secret = true;
            }
        }
        resource.description = std::move(rendered->value);
    }

    void read_relations(const ResourceRule& rule, templates::NameSource& names,
                        wire::Relations& relations) {
        const json::Value required = open(rule.required, names, rule.pointer + "/requires");
        const json::Value notified = open(rule.notified, names, rule.pointer + "/notifies");
        if (required.is_null() && notified.is_null()) return;
        std::vector<wire::WrongField> wrong;
        json::Object both;
        if (!required.is_null()) both.append("requires", required);
        if (!notified.is_null()) both.append("notifies", notified);
        relations = wire::read_relations(both, rule.pointer, wrong);
        for (wire::WrongField& each : wrong) {
            add(std::move(each.pointer), std::move(each.code), std::move(each.detail));
        }
    }

    void check(const WantedResource& resource, const ResourceRule& rule) {
        for (const WrongDescription& wrong : sources_.check(resource.ref, resource.description)) {
            add(rule.pointer + "/description" + wrong.pointer, "invalid-description",
                wire::text_of(resource.ref) + ": " + wrong.detail);
        }
    }

    const Host& host_;
    const Assigned& assigned_;
    const Sources& sources_;
    AssignmentNames names_;
    std::vector<MadeResource>& made_;
    std::vector<CompileError>& errors_;
};

}  // namespace

Compiled compile(const Host& host, std::vector<Assigned> assigned, const Sources& sources) {
    std::sort(assigned.begin(), assigned.end(), [](const Assigned& a, const Assigned& b) {
        return a.assignment->name < b.assignment->name;
    });
    const json::Value host_value = value_of(host);
    std::vector<MadeResource> made;
    Compiled compiled;
    for (const Assigned& each : assigned) {
        Maker(host, host_value, each, sources, made, compiled.errors).make();
    }
    Merged merged = merge(std::move(made));
    compiled.resources = std::move(merged.resources);
    // Where something could not be made, what it would conflict with is not known.
    if (compiled.errors.empty()) compiled.errors = std::move(merged.errors);
    return compiled;
}

}  // namespace evenkeel::compile
