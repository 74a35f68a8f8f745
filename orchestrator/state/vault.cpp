#include "orchestrator/state/vault.hpp"

#include <utility>

namespace evenkeel::state {
namespace {

std::string purpose_of(const std::string& host, const wire::Ref& ref, std::string_view member) {
    std::string purpose = "description";
    for (std::string_view part : {std::string_view(host), std::string_view(ref.collection),
                                  std::string_view(ref.id), member}) {
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

std::set<std::string> secret_members(const schema::Schema* schema, const json::Value& description) {
    std::set<std::string> names;
    const bool all_content = description.bool_or("sensitive");
    for (const auto& [name, value] : description.as_object()) {
        if (name == "ensure" || name == "sensitive") continue;
        const schema::Property* property = schema ? schema->property(name) : nullptr;
        if (!schema || (property && property->sensitive) ||
            (all_content && property && property->write_only)) {
            names.insert(name);
        }
    }
    return names;
}

json::Value Vault::seal(const std::string& host, const wire::Ref& ref,
                        const json::Value& description, const schema::Schema* schema) const {
    const std::set<std::string> secrets = secret_members(schema, description);
    json::Object plain;
    json::Object sealed;
    for (const auto& [name, value] : description.as_object()) {
        if (!secrets.contains(name)) {
            plain.append(name, value);
            continue;
        }
        plain.append(name, nullptr);
        sealed.append(name, seal_text(json::write(value), purpose_of(host, ref, name)));
    }
    return json::Object{
        {"plain", std::move(plain)}, {"sealed", std::move(sealed)}, {"known", schema != nullptr}};
}

Result<json::Value> Vault::open(const std::string& host, const wire::Ref& ref,
                                const json::Value& stored) const {
    if (!stored["plain"].is_object()) return fail(Errc::corrupt, "a description does not read");
    json::Object whole = stored["plain"].as_object();
    for (auto& [name, value] : whole) {
        const json::Value& sealed = stored["sealed"][name];
        if (!sealed.is_string()) continue;
        const std::string text = EK_TRY(open_text(sealed.as_string(), purpose_of(host, ref, name)));
        value = EK_TRY(json::parse(text, {.bytes = 64 << 20}));
    }
    return json::Value(std::move(whole));
}

Result<json::Value> Vault::redacted(const std::string& host, const wire::Ref& ref,
                                    const json::Value& stored, const schema::Schema* schema) const {
    json::Value whole = EK_TRY(open(host, ref, stored));
    const bool known = stored.bool_or("known");
    // What nobody has ever had a schema for may be a secret, all of it.
    const std::set<std::string> now =
        schema || !known ? secret_members(schema, whole) : std::set<std::string>();
    for (auto& [name, value] : whole.as_object()) {
        const bool secret = now.contains(name) || (known && stored["sealed"].find(name));
        if (!secret) continue;
        const json::Value mark = json::Object{{"redacted", fingerprint(value)}};
        value = mark;
    }
    return whole;
}

Result<json::Value> Vault::fill_in(const std::string& host, const wire::Ref& ref,
                                   json::Value description, const json::Value& stored) const {
    json::Value whole;
    for (auto& [name, value] : description.as_object()) {
        const std::string wanted = redaction(value);
        if (wanted.empty()) continue;
        if (whole.is_null() && !stored.is_null()) whole = EK_TRY(open(host, ref, stored));
        const json::Value* kept = whole.find(name);
        if (!kept || fingerprint(*kept) != wanted) return fail(Errc::invalid, name);
        const json::Value copy = *kept;
        value = copy;
    }
    return description;
}

std::string Vault::seal_text(std::string_view text, std::string_view purpose) const {
    return sealer_.seal(text, purpose);
}

Result<std::string> Vault::open_text(std::string_view sealed, std::string_view purpose) const {
    const crypto::Secret secret = EK_TRY(sealer_.unseal(sealed, purpose));
    return std::string(secret.reveal());
}

// Set apart from sign(): a value that somebody describes must not get him a signature.
std::string Vault::fingerprint(const json::Value& value) const {
    return sealer_.fingerprint(
        "value\n" + (value.is_string() ? value.as_string() : json::write_canonical(value)));
}

std::string Vault::sign(std::string_view text) const {
    return sealer_.fingerprint("sign\n" + std::string(text));
}

}  // namespace evenkeel::state
