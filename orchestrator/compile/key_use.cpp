#include "orchestrator/compile/key_use.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/compile/names.hpp"

namespace evenkeel::compile {
namespace {

bool holds_any(const std::vector<std::string>& names, const std::set<std::string>& keys) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return keys.contains(name.substr(0, name.find('.')));
    });
}

bool uses(const std::optional<templates::Template>& text, const std::set<std::string>& keys) {
    if (!text) return false;
    std::vector<std::string> names;
    for (const templates::NameUse& use : text->names_used()) names.push_back(use.path);
    return holds_any(names, keys);
}

bool uses(const ValueTemplate& value, const std::set<std::string>& keys) {
    std::vector<std::string> names;
    value.collect_names(names);
    return holds_any(names, keys);
}

class Naming {
  public:
    Naming(const Host& host, const Assigned& assigned, const Sources& sources)
        : host_value_(value_of(host)),
          application_(*assigned.application),
          names_(host, host_value_, assigned, sources) {}

    void add(const RuleUse& use) {
        const ResourceRule& rule = *use.rule;
        if (!rule.for_each) return add_one(use, names_);
        const auto list = rule.for_each->render(names_);
        const bool is_known =
            list && !list->secret &&
            each_item(list->value, names_, [&](auto& names) { add_one(use, names); });
        if (!is_known) refs_.push_back({rule.collection, as_written(rule)});
    }

    std::vector<wire::Ref> take() { return std::move(refs_); }

  private:
    void add_one(const RuleUse& use, templates::NameSource& names) {
        const ResourceRule& rule = *use.rule;
        if (refs_.size() == kHostResourcesMost) return;
        if (rule.when && !use.is_in_when) {
            const auto judged = rule.when->render(names);
            if (judged && !judged->secret && judged->value.as_string().empty()) return;
        }
        refs_.push_back({rule.collection, id(rule, names)});
    }

    std::string id(const ResourceRule& rule, templates::NameSource& names) const {
        const auto rendered = rule.id.render(names);
        if (!rendered || !rendered->secrets.empty()) return as_written(rule);
        if (rendered->value.is_string()) return rendered->value.as_string();
        return rendered->value.is_integer() ? json::write(rendered->value) : as_written(rule);
    }

    std::string as_written(const ResourceRule& rule) const {
        const json::Value* id = json::at_pointer(application_.body, rule.pointer + "/id");
        return id && id->is_string() ? id->as_string() : "";
    }

    json::Value host_value_;
    const Application& application_;
    AssignmentNames names_;
    std::vector<wire::Ref> refs_;
};

}  // namespace

std::vector<RuleUse> rules_using(const Application& application,
                                 const std::set<std::string>& keys) {
    std::vector<RuleUse> found;
    for (const ResourceRule& rule : application.resources) {
        const bool is_in_when = uses(rule.when, keys);
        const bool is_used = is_in_when || uses(rule.for_each, keys) || uses(rule.id, keys) ||
                             uses(rule.description, keys) || uses(rule.required, keys) ||
                             uses(rule.notified, keys);
        if (is_used) found.push_back({&rule, is_in_when});
    }
    return found;
}

std::vector<wire::Ref> refs_of(const Host& host, const Assigned& assigned,
                               const std::vector<RuleUse>& rules, const Sources& sources) {
    Naming naming(host, assigned, sources);
    for (const RuleUse& use : rules) naming.add(use);
    return naming.take();
}

}  // namespace evenkeel::compile
