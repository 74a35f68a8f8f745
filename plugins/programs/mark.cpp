#include "plugins/programs/mark.hpp"

#include <array>

#include <evenkeel/cpp/failure.hpp>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace evenkeel::programs {

namespace {

constexpr std::size_t kSaltBytes = 16;

std::string hex_of(const unsigned char* bytes, std::size_t count) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

std::string salted(const std::string& salt, std::string_view secret) {
    const std::string all = salt + std::string(secret);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_Digest(all.data(), all.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw sdk::Failure(EK_E_UNAVAILABLE, "OpenSSL has no SHA-256");
    return salt + hex_of(digest.data(), length);
}

}  // namespace

std::string mark_of(std::string_view secret) {
    std::array<unsigned char, kSaltBytes> salt{};
    if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1)
        throw sdk::Failure(EK_E_UNAVAILABLE, "OpenSSL has no random numbers");
    return salted(hex_of(salt.data(), salt.size()), secret);
}

bool is_mark_of(std::string_view mark, std::string_view secret) {
    return mark.size() > 2 * kSaltBytes &&
           salted(std::string(mark.substr(0, 2 * kSaltBytes)), secret) == mark;
}

}  // namespace evenkeel::programs
