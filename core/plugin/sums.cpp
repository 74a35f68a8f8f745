#include "core/plugin/sums.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::plugin {

Result<Sums> Sums::parse(std::string_view text) {
    const json::Value whole = EK_TRY(json::parse(text));
    Sums sums;
    sums.sums_ = whole["sha256"];
    if (!sums.sums_.is_object()) return fail(Errc::invalid, "it has no sha256");
    const json::Value& signature = whole["signature"];
    if (signature.is_null()) return sums;
    sums.key_id_ = signature.string_or("key");
    auto bytes = from_base64(signature.string_or("ed25519"));
    if (sums.key_id_.empty() || !bytes || bytes->empty())
        return fail(Errc::invalid, "its signature has no key or no ed25519");
    sums.signature_ = std::move(*bytes);
    return sums;
}

std::string Sums::text() const {
    json::Object whole{{"sha256", sums_}};
    if (!key_id_.empty())
        whole.set("signature", json::Object{{"key", key_id_}, {"ed25519", to_base64(signature_)}});
    return json::write(whole) + "\n";
}

// Named for what they are, so that a signature made for something else is none of a plugin.
std::string Sums::signed_bytes() const {
    return "evenkeel plugin sums 1\n" + json::write_canonical(sums_);
}

bool Sums::is_signed_by(const crypto::VerifyKey& key) const {
    return key_id_ == key.id() && key.verifies(signed_bytes(), signature_);
}

void Sums::sign(const crypto::SigningKey& key) {
    key_id_ = key.verify_key().id();
    signature_ = key.sign(signed_bytes());
}

}  // namespace evenkeel::plugin
