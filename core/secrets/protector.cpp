#include "core/secrets/protector.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/schema/schema.hpp"
#include "core/secrets/redactor.hpp"

namespace evenkeel::secrets {
namespace {

// Larger than any description that was ever accepted, with its escapes.
constexpr json::Limits kSealedLimits{.bytes = 64 << 20};

std::string purpose_of(const ResourceKey& key, std::string_view field) {
    std::string purpose = "description";
    for (std::string_view part : {key.host, key.collection, key.id, field}) {
        purpose.push_back('\0');
        purpose.append(part);
    }
    return purpose;
}

}  // namespace

bool has_redacted(const json::Value& description) {
    if (!description.is_object()) return false;
    const json::Object& fields = description.as_object();
    return std::any_of(fields.begin(), fields.end(),
                       [](const json::Member& field) { return fingerprint_in(field.second); });
}

json::Value Protector::seal(const ResourceKey& key, const json::Value& description,
                            const schema::Schema* schema) const {
    const std::set<std::string> secret = secret_fields(schema, description, kOrchestratorRules);
    json::Object plain;
    json::Object sealed;
    for (const auto& [name, value] : description.as_object()) {
        if (!secret.contains(name)) {
            plain.append(name, value);
            continue;
        }
        plain.append(name, nullptr);
        sealed.append(name, seal_text(json::write(value), purpose_of(key, name)));
    }
    return json::Object{
        {"plain", std::move(plain)}, {"sealed", std::move(sealed)}, {"known", schema != nullptr}};
}

Result<json::Value> Protector::open(const ResourceKey& key, const json::Value& stored) const {
    if (!stored["plain"].is_object()) return fail(Errc::corrupt, "a description does not read");
    json::Object whole = stored["plain"].as_object();
    for (auto& [name, value] : whole) {
        const json::Value& sealed = stored["sealed"][name];
        if (!sealed.is_string()) continue;
        const std::string text = EK_TRY(open_text(sealed.as_string(), purpose_of(key, name)));
        value = EK_TRY(json::parse(text, kSealedLimits));
    }
    return json::Value(std::move(whole));
}

Result<json::Value> Protector::redacted(const ResourceKey& key, const json::Value& stored,
                                        const schema::Schema* schema) const {
    json::Value whole = EK_TRY(open(key, stored));
    const bool known = stored.bool_or("known");
    std::set<std::string> secret;
    // Without a schema at the write and now, every field may be secret.
    if (schema || !known) secret = secret_fields(schema, whole, kOrchestratorRules);
    if (known && stored["sealed"].is_object()) {
        for (const auto& [name, sealed] : stored["sealed"].as_object()) secret.insert(name);
    }
    return redactor().description(std::move(whole), secret);
}

Result<json::Value> Protector::restore_redacted(const ResourceKey& key, json::Value description,
                                                const json::Value& stored) const {
    // Most descriptions hold none, and opening what is stored costs.
    if (!has_redacted(description)) return description;
    json::Value whole;
    if (!stored.is_null()) whole = EK_TRY(open(key, stored));
    return redactor().restore(std::move(description), whole);
}

std::string Protector::seal_text(std::string_view text, std::string_view purpose) const {
    return sealer_.seal(text, purpose);
}

Result<std::string> Protector::open_text(std::string_view sealed, std::string_view purpose) const {
    const crypto::Secret secret = EK_TRY(sealer_.unseal(sealed, purpose));
    return std::string(secret.reveal());
}

std::string Protector::mac(std::string_view text) const {
    return sealer_.fingerprint("sign\n" + std::string(text));
}

Redactor Protector::redactor() const {
    return {fingerprint_by(sealer_), kOrchestratorRules};
}

}  // namespace evenkeel::secrets
