#include "core/schema/fields.hpp"

#include <utility>

#include "core/crypto/hash.hpp"

namespace evenkeel::schema {
namespace {

constexpr std::string_view kBase64 = "_base64";

std::string path_of(const std::string& name, const Property& property) {
    std::string shown = name;
    if (property.compare == Comparison::digest && shown.ends_with(kBase64))
        shown.resize(shown.size() - kBase64.size());
    return json::pointer("", shown);
}

}  // namespace

Fields::Fields(const Schema& schema) : sensitive_(schema.sensitive()) {
    for (const std::string& name : schema.property_names()) {
        const json::Value& words = schema.document()["properties"][name];
        const Property& property = *schema.property(name);
        Field field{name,
                    path_of(name, property),
                    property,
                    words.string_or("x-ek-alias"),
                    words.string_or("x-ek-absent-with"),
                    {}};
        if (const json::Value* value = words.find("default")) field.default_value = *value;
        fields_.push_back(std::move(field));
    }
}

const Field* Fields::at(std::string_view pointer) const {
    for (const Field& field : fields_) {
        if (!pointer.starts_with(field.path)) continue;
        if (pointer.size() == field.path.size() || pointer[field.path.size()] == '/') return &field;
    }
    return nullptr;
}

json::Value digest_of(std::string_view bytes) {
    return json::Object{{"sha256", crypto::sha256_hex(bytes)}, {"size", bytes.size()}};
}

json::Value digest_in(const json::Value& state) {
    // A null SHA-256 is not known yet, a missing one never will be.
    const json::Value& sum = state["sha256"];
    const bool is_told = state.is_object() && state.as_object().find("sha256") && sum.is_null();
    if (!sum.is_string() && !is_told) return nullptr;
    return json::Object{{"sha256", sum}, {"size", state["size"]}};
}

}  // namespace evenkeel::schema
