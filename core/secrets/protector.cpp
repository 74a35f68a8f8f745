#include "core/secrets/protector.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/schema/fields.hpp"
#include "core/secrets/redactor.hpp"
#include "core/secrets/secret_fields.hpp"

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

// Whether each pointer leads to a field of the description itself.
bool all_are_fields(const std::set<std::string>& pointers) {
    for (const std::string& pointer : pointers)
        if (pointer.find('/', 1) != pointer.npos) return false;
    return true;
}

// Pointers to what was secret when it was sealed.
std::set<std::string> sealed_as_secret(const json::Value& stored) {
    std::set<std::string> pointers;
    if (stored["secret"].is_array()) {
        for (const json::Value& pointer : stored["secret"].as_array())
            if (pointer.is_string()) pointers.insert(pointer.as_string());
    } else if (stored["sealed"].is_object()) {
        for (const auto& [name, sealed] : stored["sealed"].as_object())
            pointers.insert(json::pointer("", name));
    }
    return pointers;
}

}  // namespace

json::Value Protector::seal(const ResourceKey& key, const json::Value& description,
                            const schema::Schema* schema) const {
    const std::set<std::string> secret = secret_pointers(schema, description);
    std::set<std::string> fields;
    for (const std::string& pointer : secret) fields.insert(json::pointer_tokens(pointer).front());
    json::Object plain;
    json::Object sealed;
    for (const auto& [name, value] : description.as_object()) {
        if (!fields.contains(name)) {
            plain.append(name, value);
            continue;
        }
        plain.append(name, nullptr);
        sealed.append(name, seal_text(json::write(value), purpose_of(key, name)));
    }
    json::Object stored{
        {"plain", std::move(plain)}, {"sealed", std::move(sealed)}, {"known", schema != nullptr}};
    if (!all_are_fields(secret)) stored.append("secret", json::Array(secret.begin(), secret.end()));
    return stored;
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

namespace {

// What is secret in `whole`, which is what `stored` opens to.
std::set<std::string> secrets_in(const json::Value& whole, const json::Value& stored,
                                 const schema::Schema* schema) {
    const bool known = stored.bool_or("known");
    std::set<std::string> secret;
    if (known) secret = sealed_as_secret(stored);
    // Without a schema at the write and now, every field may be secret.
    if (schema || !known) secret.merge(secret_pointers(schema, whole));
    return secret;
}

// Whether `whole` has at `pointer` what `other` has at `twin`, which is the same pointer or its
// twin.
bool has_same(const json::Value& whole, const std::string& pointer, const json::Value& other,
              const std::string& twin) {
    const json::Value* mine = json::at_pointer(whole, pointer);
    const json::Value* theirs = json::at_pointer(other, twin);
    if (!mine || !theirs) return false;
    if (pointer == twin) return *mine == *theirs;
    const auto bytes = schema::bytes_of(pointer, *mine);
    return bytes && bytes == schema::bytes_of(twin, *theirs);
}

}  // namespace

Result<json::Value> Protector::redacted(const ResourceKey& key, const json::Value& stored,
                                        const schema::Schema* schema) const {
    json::Value whole = EK_TRY(open(key, stored));
    const std::set<std::string> secret = secrets_in(whole, stored, schema);
    return redactor().description(std::move(whole), secret);
}

json::Value Protector::redacted(json::Value description, const schema::Schema* schema) const {
    const std::set<std::string> secret = secret_pointers(schema, description);
    return redactor().description(std::move(description), secret);
}

Result<std::vector<json::Value>> Protector::redacted_together(
    const ResourceKey& key, const std::vector<json::Value>& stored,
    const schema::Schema* schema) const {
    std::vector<json::Value> all;
    std::set<std::string> secret;
    for (const json::Value& each : stored) {
        all.push_back(EK_TRY(open(key, each)));
        secret.merge(secrets_in(all.back(), each, schema));
    }
    const bool is_sensitive = std::any_of(
        all.begin(), all.end(), [](const json::Value& one) { return one.bool_or("sensitive"); });
    for (json::Value& one : all) {
        std::set<std::string> own = secret;
        for (const std::string& pointer : secret) own.insert(schema::twin_of(pointer));
        if (is_sensitive && one.is_object()) {
            json::Value marked = one;
            marked.as_object().set("sensitive", true);
            own.merge(secret_pointers(schema, std::move(marked)));
        }
        one = redactor().description(std::move(one), own);
    }
    return all;
}

Result<std::set<std::string>> Protector::shows_secrets_of(const ResourceKey& key,
                                                          const json::Value& stored,
                                                          const std::vector<json::Value>& others,
                                                          const schema::Schema* schema) const {
    const json::Value whole = EK_TRY(open(key, stored));
    const std::set<std::string> own = secrets_in(whole, stored, schema);
    const auto is_secret = [&](const std::string& pointer) {
        return std::any_of(own.begin(), own.end(), [&](const std::string& one) {
            return pointer == one || pointer.starts_with(one + "/");
        });
    };
    std::set<std::string> shown;
    for (const json::Value& each : others) {
        const json::Value other = EK_TRY(open(key, each));
        for (const std::string& pointer : secrets_in(other, each, schema)) {
            for (const std::string& mine : {pointer, schema::twin_of(pointer)}) {
                if (!is_secret(mine) && has_same(whole, mine, other, pointer)) shown.insert(mine);
            }
        }
    }
    return shown;
}

Result<json::Value> Protector::restore_redacted(const ResourceKey& key, json::Value description,
                                                const json::Value& stored,
                                                const schema::Schema* schema) const {
    // Most descriptions hold none, and opening what is stored costs.
    if (!has_redacted(description)) return description;
    json::Value whole;
    if (!stored.is_null()) whole = EK_TRY(open(key, stored));
    return redactor().restore(std::move(description), whole, schema);
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
    return Redactor(fingerprint_by(sealer_));
}

}  // namespace evenkeel::secrets
