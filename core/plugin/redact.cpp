#include "core/plugin/redact.hpp"

#include <utility>

namespace evenkeel::plugin {
namespace {

// Shorter values occur in harmless words by chance.
constexpr std::size_t kSecretBytesMin = 4;

bool is_redacted(const json::Value& value) {
    return value.find("redacted") != nullptr;
}

}  // namespace

json::Value redacted(const json::Value& value, const Fingerprint& fingerprint) {
    if (value.is_null() || is_redacted(value)) return value;
    const json::Value digest = digest_in(value);
    const std::string bytes = value.is_string()  ? value.as_string()
                              : digest.is_null() ? json::write_canonical(value)
                                                 : json::write_canonical(digest);
    return json::Object{{"redacted", fingerprint ? fingerprint(bytes) : std::string("secret")}};
}

json::Value redact_state(const Words& words, const json::Value& description, json::Value state,
                         const Fingerprint& fingerprint) {
    if (!state.is_object()) return state;
    for (const Field& field : words.fields()) {
        if (!words.secret(field, description)) continue;
        if (json::Value* value = state.as_object().find(field.name))
            *value = redacted(*value, fingerprint);
        const json::Value digest = digest_in(state);
        if (field.words.compare != schema::Comparison::digest || digest.is_null()) continue;
        state.as_object().erase("sha256");
        state.as_object().erase("size");
        state.as_object().set(field.path.substr(1), redacted(digest, fingerprint));
    }
    return state;
}

void redact_change(const Words& words, const json::Value& description, ToldChange& told,
                   const Fingerprint& fingerprint) {
    const Field* field = words.at(told.change.path);
    const bool secret = (told.flags & EK_CHG_SENSITIVE) != 0 ||
                        (field != nullptr && words.secret(*field, description));
    if (!secret) return;
    told.change.before = redacted(told.change.before, fingerprint);
    told.change.after = redacted(told.change.after, fingerprint);
}

std::string redact_text(const Words& words, const json::Value& description, std::string text) {
    for (const Field& field : words.fields()) {
        const json::Value* value = description.find(field.name);
        if (value == nullptr || !value->is_string() || !words.secret(field, description)) continue;
        const std::string& secret = value->as_string();
        if (secret.size() < kSecretBytesMin) continue;
        for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

}  // namespace evenkeel::plugin
