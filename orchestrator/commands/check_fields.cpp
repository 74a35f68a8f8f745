#include "orchestrator/commands/check_fields.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::commands {
namespace {

bool is_ensure(const json::Value& value) {
    return value.is_string() && (value.as_string() == "present" || value.as_string() == "absent");
}

}  // namespace

std::vector<schema::FieldError> check_fields(const schema::Schema* schema,
                                             const json::Value& description) {
    std::vector<schema::FieldError> wrong;
    json::Object document;  // what the schema is asked about
    bool nothing_said = description.string_or("ensure") == "absent";
    // What a schema does not name is a slip of the pen, unless it says that anything goes.
    const bool open = schema && schema->document().find("additionalProperties");
    for (const auto& [name, value] : description.as_object()) {
        const std::string at = json::pointer("", name);
        if (name == "ensure") {
            if (is_ensure(value)) continue;
            wrong.push_back({at, "invalid", "must be \"present\" or \"absent\""});
            continue;
        }
        nothing_said = false;
        if (value.is_null()) {
            wrong.push_back(
                {at, "invalid", "null is no value: leave out what is not to be managed"});
        } else if (schema && !open && !schema->property(name)) {
            wrong.push_back({at, "unknown-field",
                             "there is no field '" + printable(name.substr(0, 200)) + "'"});
        } else {
            document.append(name, value);
        }
    }
    if (!schema || nothing_said) return wrong;
    for (schema::FieldError& error : schema->validate(document, schema::Mode::description)) {
        wrong.push_back(std::move(error));
    }
    return wrong;
}

}  // namespace evenkeel::commands
