#include "core/plugin/words.hpp"

#include "core/crypto/hash.hpp"

namespace evenkeel::plugin {
namespace {

constexpr std::string_view kBase64 = "_base64";

std::string path_of(const std::string& name, const schema::Property& words) {
    std::string shown = name;
    if (words.compare == schema::Comparison::digest && shown.ends_with(kBase64))
        shown.resize(shown.size() - kBase64.size());
    return json::pointer("", shown);
}

}  // namespace

Words::Words(const schema::Schema& schema) {
    for (const std::string& name : schema.property_names()) {
        const json::Value& text = schema.document()["properties"][name];
        const schema::Property& words = *schema.property(name);
        Field field{name, path_of(name, words), words, text.string_or("x-ek-alias"), {}};
        if (const json::Value* standard = text.find("default")) field.standard = *standard;
        fields_.push_back(std::move(field));
    }
}

const Field* Words::at(std::string_view pointer) const {
    for (const Field& field : fields_) {
        if (!pointer.starts_with(field.path)) continue;
        if (pointer.size() == field.path.size() || pointer[field.path.size()] == '/') return &field;
    }
    return nullptr;
}

bool Words::secret(const Field& field, const json::Value& description) const {
    if (field.words.sensitive) return true;
    return field.words.compare == schema::Comparison::digest && description.bool_or("sensitive");
}

json::Value digest_of(std::string_view bytes) {
    return json::Object{{"sha256", crypto::sha256_hex(bytes)}, {"size", bytes.size()}};
}

json::Value digest_in(const json::Value& state) {
    if (!state["sha256"].is_string()) return nullptr;
    return json::Object{{"sha256", state["sha256"]}, {"size", state["size"]}};
}

}  // namespace evenkeel::plugin
