#include "core/crypto/signing.hpp"

#include <cerrno>
#include <utility>

#include <sodium.h>
#include <sys/stat.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/sodium.hpp"

namespace evenkeel::crypto {
namespace {

constexpr std::string_view kPublic = "ed25519:";
constexpr std::string_view kSecret = "ed25519-secret:";
constexpr std::size_t kIdBytes = 8;

std::string_view without_line_end(std::string_view text) {
    return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

// The bytes behind the word `kind`.
Result<std::string> key_bytes(std::string_view text, std::string_view kind, std::size_t size) {
    text = without_line_end(text);
    auto bytes = from_base64(text.starts_with(kind) ? text.substr(kind.size()) : "");
    if (!text.starts_with(kind) || !bytes || bytes->size() != size) {
        return fail(Errc::invalid, "is no key: \"" + std::string(kind) + "\" and the base64 of " +
                                       std::to_string(size) + " bytes");
    }
    return bytes;
}

struct Pair {
    std::string verify = std::string(crypto_sign_PUBLICKEYBYTES, '\0');
    Secret sign;
};

Pair pair_of(const Secret& seed) {
    Pair pair;
    std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
    crypto_sign_seed_keypair(bytes_of(pair.verify), bytes_of(secret), bytes_of(seed.reveal()));
    pair.sign = Secret(std::move(secret));
    return pair;
}

}  // namespace

VerifyKey::VerifyKey(std::string bytes)
    : bytes_(std::move(bytes)), id_(to_hex(sha256(bytes_).substr(0, kIdBytes))) {}

Result<VerifyKey> VerifyKey::parse(std::string_view text) {
    return VerifyKey(EK_TRY(key_bytes(text, kPublic, crypto_sign_PUBLICKEYBYTES)));
}

std::string VerifyKey::text() const {
    return std::string(kPublic) + to_base64(bytes_);
}

bool VerifyKey::verifies(std::string_view message, std::string_view signature) const {
    return signature.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.size(),
                                       bytes_of(std::string_view(bytes_))) == 0;
}

SigningKey SigningKey::generate() {
    return SigningKey(Secret(random_bytes(crypto_sign_SEEDBYTES)));
}

Result<SigningKey> SigningKey::read(const std::string& path) {
    need_sodium();
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return fail(system_error(errno, "open " + path));
    if ((info.st_mode & 077) != 0) {
        return fail(Errc::denied, path + " is open to others: chmod 600 it");
    }
    const Secret text(EK_TRY(read_file(path, 4096)));
    auto seed = key_bytes(text.reveal(), kSecret, crypto_sign_SEEDBYTES);
    if (!seed) return fail(seed.error().code, path + " " + seed.error().what);
    return SigningKey(Secret(std::move(*seed)));
}

Secret SigningKey::text() const {
    return Secret(std::string(kSecret) + to_base64(seed_.reveal()));
}

VerifyKey SigningKey::verify_key() const {
    return VerifyKey(pair_of(seed_).verify);
}

std::string SigningKey::sign(std::string_view message) const {
    const Pair pair = pair_of(seed_);
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(bytes_of(signature), nullptr, bytes_of(message), message.size(),
                         bytes_of(pair.sign.reveal()));
    return signature;
}

}  // namespace evenkeel::crypto
