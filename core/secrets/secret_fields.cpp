#include "core/secrets/secret_fields.hpp"

#include "core/schema/schema.hpp"

namespace evenkeel::secrets {

bool is_secret(const schema::Property& property, const json::Value& description,
               const Rules& rules) {
    if (property.sensitive) return true;
    const bool content = rules.content == Rules::Content::write_only
                             ? property.write_only
                             : property.compare == schema::Comparison::digest;
    return content && description.bool_or("sensitive");
}

std::set<std::string> secret_fields(const schema::Schema* schema, const json::Value& description,
                                    const Rules& rules) {
    std::set<std::string> names;
    for (const auto& [name, value] : description.as_object()) {
        if (name == "ensure" || name == "sensitive") continue;
        const schema::Property* property = schema ? schema->property(name) : nullptr;
        if (!schema || (property && is_secret(*property, description, rules))) names.insert(name);
    }
    return names;
}

}  // namespace evenkeel::secrets
