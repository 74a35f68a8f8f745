#include "core/crypto/token.hpp"

#include <sodium.h>

#include "core/base/id.hpp"
#include "core/crypto/hash.hpp"

namespace evenkeel::crypto {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr int kAlphabet = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kSecretChars = 43;  // 32 bytes in base64 without padding

}  // namespace

Token make_token(std::string_view kind) {
    const std::string secret = random_bytes(kSecretBytes);
    std::string text(sodium_base64_encoded_len(kSecretBytes, kAlphabet), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                      kAlphabet);
    text.pop_back();  // the terminating zero
    Token token;
    token.id = make_id(kind);
    text.insert(0, token.id + "_");
    token.hash = token_hash(text);
    token.text = Secret(std::move(text));
    return token;
}

Result<std::string> token_id(std::string_view kind, std::string_view text) {
    const auto wrong = [] { return fail(Errc::invalid, "not a token"); };
    if (text.size() < kSecretChars + 1) return wrong();
    const std::string_view id = text.substr(0, text.size() - kSecretChars - 1);
    const std::string_view secret = text.substr(text.size() - kSecretChars);
    if (text[id.size()] != '_' || !is_id(kind, id)) return wrong();
    if (secret.find_first_not_of(kLetters) != std::string_view::npos) return wrong();
    return std::string(id);
}

std::string token_hash(std::string_view text) {
    return sha256_hex(text);
}

bool token_matches(std::string_view text, std::string_view hash) {
    const std::string own = token_hash(text);
    return own.size() == hash.size() && sodium_memcmp(own.data(), hash.data(), own.size()) == 0;
}

}  // namespace evenkeel::crypto
