#include "core/secrets/protector.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/schema/schema.hpp"
#include "core/secrets/secret_fields.hpp"

namespace evenkeel::secrets {
namespace {

std::string purpose_of(const ResourceKey& key, std::string_view member) {
    std::string purpose = "description";
    for (std::string_view part : {key.host, key.collection, key.id, member}) {
        purpose.push_back('\0');
        purpose.append(part);
    }
    return purpose;
}

// The fingerprint in {"redacted": "..."}; empty when it is not such an object.
std::string redaction(const json::Value& value) {
    if (!value.is_object() || value.as_object().size() != 1) return "";
    return value.string_or("redacted");
}

}  // namespace

bool has_redacted(const json::Value& description) {
    if (!description.is_object()) return false;
    const json::Object& fields = description.as_object();
    return std::any_of(fields.begin(), fields.end(),
                       [](const json::Member& field) { return !redaction(field.second).empty(); });
}

json::Value Protector::seal(const ResourceKey& key, const json::Value& description,
                            const schema::Schema* schema) const {
    const std::set<std::string> secrets = secret_fields(schema, description, kOrchestratorRules);
    json::Object plain;
    json::Object sealed;
    for (const auto& [name, value] : description.as_object()) {
        if (!secrets.contains(name)) {
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
        value = EK_TRY(json::parse(text, {.bytes = 64 << 20}));
    }
    return json::Value(std::move(whole));
}

Result<json::Value> Protector::redacted(const ResourceKey& key, const json::Value& stored,
                                        const schema::Schema* schema) const {
    json::Value whole = EK_TRY(open(key, stored));
    const bool known = stored.bool_or("known");
    // Without a schema at the write and now, every field may be secret.
    const std::set<std::string> now = schema || !known
                                          ? secret_fields(schema, whole, kOrchestratorRules)
                                          : std::set<std::string>();
    for (auto& [name, value] : whole.as_object()) {
        const bool secret = now.contains(name) || (known && stored["sealed"].find(name));
        if (!secret) continue;
        const json::Value shown = json::Object{{"redacted", fingerprint(value)}};
        value = shown;
    }
    return whole;
}

Result<json::Value> Protector::restore_redacted(const ResourceKey& key, json::Value description,
                                                const json::Value& stored) const {
    json::Value whole;
    for (auto& [name, value] : description.as_object()) {
        const std::string wanted = redaction(value);
        if (wanted.empty()) continue;
        if (whole.is_null() && !stored.is_null()) whole = EK_TRY(open(key, stored));
        const json::Value* kept = whole.find(name);
        if (!kept || fingerprint(*kept) != wanted) return fail(Errc::invalid, name);
        const json::Value copy = *kept;
        value = copy;
    }
    return description;
}

std::string Protector::seal_text(std::string_view text, std::string_view purpose) const {
    return sealer_.seal(text, purpose);
}

Result<std::string> Protector::open_text(std::string_view sealed, std::string_view purpose) const {
    const crypto::Secret secret = EK_TRY(sealer_.unseal(sealed, purpose));
    return std::string(secret.reveal());
}

// Never the same as mac() of any text: who describes a value and reads its fingerprint must not
// obtain a code that passes as ours.
std::string Protector::fingerprint(const json::Value& value) const {
    return sealer_.fingerprint(
        "value\n" + (value.is_string() ? value.as_string() : json::write_canonical(value)));
}

std::string Protector::mac(std::string_view text) const {
    return sealer_.fingerprint("sign\n" + std::string(text));
}

}  // namespace evenkeel::secrets
