#include "core/schema/fields.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"

namespace evenkeel::schema {
namespace {

constexpr std::string_view kBase64 = "_base64";

std::string path_of(const std::string& name, const Property& property) {
    const bool is_shown_as_twin = property.compare == Comparison::digest && is_base64(name);
    return json::pointer("", is_shown_as_twin ? twin_of(name) : name);
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
                    words.bool_or("deprecated"),
                    words.string_or("x-ek-message"),
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

bool is_base64(std::string_view name) {
    return name.ends_with(kBase64);
}

std::string twin_of(std::string_view name) {
    if (!is_base64(name)) return std::string(name).append(kBase64);
    return std::string(name.substr(0, name.size() - kBase64.size()));
}

std::optional<std::string> bytes_of(std::string_view name, const json::Value& value) {
    if (!value.is_string()) return std::nullopt;
    if (!is_base64(name)) return value.as_string();
    auto bytes = from_base64(value.as_string());
    return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
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
