#include "core/secrets/secret_fields.hpp"

#include "core/base/text.hpp"
#include "core/schema/fields.hpp"

namespace evenkeel::secrets {
namespace {

bool is_ours(std::string_view field) {
    return field == "ensure" || field == "sensitive";
}

bool is_whole_field_secret(const schema::Schema* schema, const std::string& name,
                           const json::Value& description) {
    if (!schema) return true;
    const schema::Property* property = schema->property(name);
    return property && is_secret(*property, description);
}

void each_member(const schema::SensitivePlace& place, json::Value& value, const std::string& at,
                 const Visit& visit) {
    if (value.is_object()) {
        for (auto& [name, member] : value.as_object())
            each_secret(place.member(name), member, json::pointer(at, name), visit);
        return;
    }
    std::size_t index = 0;
    for (json::Value& item : value.as_array())
        each_secret(place.item(), item, json::pointer(at, std::to_string(index++)), visit);
}

}  // namespace

bool is_secret(const schema::Property& property, const json::Value& description) {
    if (property.sensitive) return true;
    const bool is_content = property.write_only || property.compare == schema::Comparison::digest;
    return is_content && description.bool_or("sensitive");
}

void each_secret(const schema::SensitivePlace& place, json::Value& value, const std::string& at,
                 const Visit& visit) {
    if (place.empty() || value.is_null()) return;
    const bool fits = value.is_object()  ? place.has_secret_members()
                      : value.is_array() ? place.has_secret_items()
                                         : false;
    if (place.is_secret() || !fits) return visit(at, value);
    each_member(place, value, at, visit);
}

void each_secret(const schema::Schema* schema, json::Value& description, const Visit& visit) {
    if (!description.is_object()) return;
    for (auto& [name, value] : description.as_object()) {
        if (is_ours(name)) continue;
        const std::string at = json::pointer("", name);
        if (is_whole_field_secret(schema, name, description)) {
            visit(at, value);
            continue;
        }
        const schema::SensitivePlace root = schema->sensitive().root();
        if (root.is_secret()) visit(at, value);
        else each_secret(root.member(name), value, at, visit);
    }
}

std::set<std::string> secret_pointers(const schema::Schema* schema, json::Value description) {
    std::set<std::string> pointers;
    each_secret(schema, description,
                [&](const std::string& pointer, const json::Value&) { pointers.insert(pointer); });
    return pointers;
}

schema::SensitivePlace place_at(const schema::Fields& fields, std::string_view pointer) {
    schema::SensitivePlace place = fields.sensitive().root();
    if (pointer.empty()) return place;
    for (const std::string& token : json::pointer_tokens(pointer)) {
        if (place.is_secret()) return place;
        place = place.step(token);
    }
    return place;
}

}  // namespace evenkeel::secrets
