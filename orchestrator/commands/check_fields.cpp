#include "orchestrator/commands/check_fields.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::commands {
namespace {

bool is_ensure(const json::Value& value) {
    return value.is_string() && (value.as_string() == "present" || value.as_string() == "absent");
}

bool is_known(const schema::Schema* schema, const std::string& name) {
    // What a schema does not name is a slip of the pen, unless it says that anything goes.
    return !schema || schema->property(name) || schema->document().find("additionalProperties");
}

// What is wrong with the member itself, whatever the schema says of its value.
std::optional<schema::FieldError> wrong_member(const schema::Schema* schema,
                                               const std::string& name, const json::Value& value) {
    const auto wrong = [&name](std::string code, std::string detail) {
        return schema::FieldError{json::pointer("", name), std::move(code), std::move(detail)};
    };
    if (name == "ensure") {
        if (is_ensure(value)) return std::nullopt;
        return wrong("invalid", "must be \"present\" or \"absent\"");
    }
    if (value.is_null()) {
        return wrong("invalid", "null is no value: leave out what is not to be managed");
    }
    if (is_known(schema, name)) return std::nullopt;
    return wrong("unknown-field", "there is no field '" + printable(name.substr(0, 200)) + "'");
}

}  // namespace

std::vector<schema::FieldError> check_fields(const schema::Schema* schema,
                                             const json::Value& description) {
    std::vector<schema::FieldError> wrong;
    const json::Object& members = description.as_object();
    std::set<std::string_view> not_asked = {"ensure"};  // what the schema is not asked about
    for (const auto& [name, value] : members) {
        auto error = wrong_member(schema, name, value);
        if (!error) continue;
        not_asked.insert(name);
        wrong.push_back(*std::move(error));
    }
    const bool is_absent = description.string_or("ensure") == "absent";
    const auto is_asked = [&](const auto& member) { return !not_asked.contains(member.first); };
    const bool has_more = std::any_of(members.begin(), members.end(),
                                      [](const auto& member) { return member.first != "ensure"; });
    if (!schema || (is_absent && !has_more)) return wrong;
    std::vector<schema::FieldError> more;
    if (std::all_of(members.begin(), members.end(), is_asked)) {
        more = schema->validate(description, schema::Mode::description);
    } else {
        json::Object asked;
        for (const auto& member : members) {
            if (is_asked(member)) asked.append(member.first, member.second);
        }
        more = schema->validate(std::move(asked), schema::Mode::description);
    }
    std::move(more.begin(), more.end(), std::back_inserter(wrong));
    return wrong;
}

}  // namespace evenkeel::commands
