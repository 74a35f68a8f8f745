#include <optional>
#include <utility>

#include "orchestrator/compile/application.hpp"

// `when` and #if: filters over the names of templates.
namespace evenkeel::compile {
namespace {

const filter::Fields& names_of_templates() {
    static const filter::Fields kFields = {{.name = "environment.name", .is_tree = true},
                                           {.name = "*"}};
    return kFields;
}

Result<bool> judge(const filter::Filter& filter, const templates::FindField& find) {
    static const json::Value kNothing;
    std::optional<Error> error;
    const bool holds = filter.matches([&](std::string_view path) -> const json::Value& {
        auto found = find(path);
        if (!found) error = std::move(found.error());
        return found && *found ? **found : kNothing;
    });
    if (error) return fail(*std::move(error));
    return holds;
}

templates::TemplateResult<templates::Condition> read_condition(std::string_view text) {
    auto filter = filter::Filter::read(text, names_of_templates());
    if (!filter) {
        return templates::fault_at(filter.error().position, filter.error().sentence());
    }
    templates::Condition condition;
    for (const filter::FieldUse& use : filter->fields()) {
        condition.fields.push_back({use.name, use.position});
    }
    condition.holds = [filter = *std::move(filter)](const templates::FindField& find) {
        return judge(filter, find);
    };
    return condition;
}

}  // namespace

const templates::ReadCondition& condition_reader() {
    static const templates::ReadCondition kReader = read_condition;
    return kReader;
}

const filter::Fields& host_filter_fields() {
    static const filter::Fields kFields = {{.name = "id"},
                                           {.name = "name"},
                                           {.name = "environment", .is_tree = true},
                                           {.name = "labels."},
                                           {.name = "facts."}};
    return kFields;
}

}  // namespace evenkeel::compile
