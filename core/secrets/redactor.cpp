#include "core/secrets/redactor.hpp"

#include <utility>

#include "core/crypto/sealer.hpp"
#include "core/schema/fields.hpp"

namespace evenkeel::secrets {
namespace {

// Shorter values occur in harmless words by chance.
constexpr std::size_t kSecretTextBytesMin = 4;

// What the fingerprint of a secret is made of.
std::string bytes_of(const json::Value& secret, bool knows_digests) {
    if (secret.is_string()) return secret.as_string();
    const json::Value digest = knows_digests ? schema::digest_in(secret) : json::Value();
    return json::write_canonical(digest.is_null() ? secret : digest);
}

}  // namespace

Fingerprint fingerprint_by(const crypto::Sealer& sealer) {
    return [&sealer](const std::string& bytes) { return sealer.fingerprint(bytes); };
}

const std::string* fingerprint_in(const json::Value& value) {
    if (!value.is_object() || value.as_object().size() != 1) return nullptr;
    const json::Value& fingerprint = value["redacted"];
    return fingerprint.is_string() ? &fingerprint.as_string() : nullptr;
}

Redactor::Redactor(Fingerprint fingerprint, const Rules& rules)
    : fingerprint_(std::move(fingerprint)), rules_(rules) {}

std::string Redactor::fingerprint_of(const json::Value& secret) const {
    if (!fingerprint_) return "secret";
    return fingerprint_(std::string(rules_.fingerprint_prefix) +
                        bytes_of(secret, rules_.knows_digests));
}

bool Redactor::is_secret(const schema::Field& field, const json::Value& description) const {
    return secrets::is_secret(field.property, description, rules_);
}

bool Redactor::is_secret(const schema::Fields& fields, std::string_view pointer,
                         const json::Value& description) const {
    const schema::Field* field = fields.at(pointer);
    return field && is_secret(*field, description);
}

json::Value Redactor::value(const json::Value& secret) const {
    if (rules_.redacts_once && (secret.is_null() || fingerprint_in(secret))) return secret;
    return json::Object{{"redacted", fingerprint_of(secret)}};
}

json::Value Redactor::description(json::Value description,
                                  const std::set<std::string>& secret) const {
    for (auto& [name, member] : description.as_object()) {
        if (secret.contains(name)) member = value(member);
    }
    return description;
}

json::Value Redactor::description(json::Value description, const schema::Schema& schema) const {
    if (!description.is_object()) return description;
    const std::set<std::string> secret = secret_fields(&schema, description, rules_);
    return this->description(std::move(description), secret);
}

json::Value Redactor::state(const schema::Fields& fields, const json::Value& description,
                            json::Value state) const {
    if (!state.is_object()) return state;
    json::Object& members = state.as_object();
    for (const schema::Field& field : fields) {
        if (!is_secret(field, description)) continue;
        if (json::Value* member = members.find(field.name)) *member = value(*member);
        const json::Value digest = schema::digest_in(state);
        if (field.property.compare != schema::Comparison::digest || digest.is_null()) continue;
        members.erase("sha256");
        members.erase("size");
        members.set(field.path.substr(1), value(digest));
    }
    return state;
}

std::string Redactor::text(const schema::Fields& fields, const json::Value& description,
                           std::string text) const {
    for (const schema::Field& field : fields) {
        const json::Value* member = description.find(field.name);
        if (!member || !member->is_string()) continue;
        if (!is_secret(field, description)) continue;
        const std::string& secret = member->as_string();
        if (secret.size() < kSecretTextBytesMin) continue;
        for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

bool Redactor::is_fresh(const std::string& fingerprint, const json::Value& stored) const {
    return !rules_.checks_fingerprint || fingerprint_of(stored) == fingerprint;
}

Result<json::Value> Redactor::restore(json::Value description, const json::Value& stored) const {
    if (!description.is_object()) return description;
    for (auto& [name, member] : description.as_object()) {
        const std::string* fingerprint = fingerprint_in(member);
        if (!fingerprint || (rules_.checks_fingerprint && fingerprint->empty())) continue;
        const json::Value* kept = stored.find(name);
        if (!kept || !is_fresh(*fingerprint, *kept)) return fail(Errc::invalid, name);
        const json::Value copy = *kept;
        member = copy;
    }
    return description;
}

}  // namespace evenkeel::secrets
