#include "plugins/files/sha256.hpp"

#include <array>

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

std::string Sha256::hex() {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(context_.get(), bytes.data(), &length) == 1);
    std::string text;
    for (unsigned i = 0; i < length; ++i)
        (text += kDigits[bytes[i] >> 4]) += kDigits[bytes[i] & 15];
    return text;
}

}  // namespace evenkeel::files
