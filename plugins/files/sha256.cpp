#include "plugins/files/sha256.hpp"

#include <evenkeel/cpp/failure.hpp>
#include <openssl/evp.h>

namespace evenkeel::files {

namespace {

void require(bool good) {
    if (!good) throw sdk::Failure(EK_E_UNAVAILABLE, "OpenSSL has no SHA-256 here");
}

// Found once: to look for it costs as much as to hash a small file.
const EVP_MD* algorithm() {
    static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return found;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    require(context_ && algorithm() &&
            EVP_DigestInit_ex(context_.get(), algorithm(), nullptr) == 1);
}

void Sha256::add(std::string_view bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::digest() {
    Digest bytes{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(context_.get(), bytes.data(), &length) == 1);
    return bytes;
}

std::string hex_of(const Digest& digest) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * digest.size());
    for (const unsigned char byte : digest) (text += kDigits[byte >> 4]) += kDigits[byte & 15];
    return text;
}

Digest digest_of(std::string_view hex) {
    const auto value = [](char digit) {
        return static_cast<unsigned char>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    };
    Digest digest{};
    for (std::size_t i = 0; i < digest.size() && 2 * i + 1 < hex.size(); ++i)
        digest[i] = static_cast<unsigned char>(value(hex[2 * i]) << 4 | value(hex[2 * i + 1]));
    return digest;
}

}  // namespace evenkeel::files
