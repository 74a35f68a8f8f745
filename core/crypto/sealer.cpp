#include "core/crypto/sealer.hpp"

#include <cerrno>
#include <utility>

#include <sodium.h>
#include <sys/stat.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/sodium.hpp"

// A sealed value is base64 of: one byte 1 (the way of sealing), a random nonce of 24 bytes, and the
// value under XChaCha20-Poly1305 with the context as additional data. The two keys are drawn from
// the file's one, so that no use of one says anything about the other.
namespace evenkeel::crypto {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kFingerprintBytes = 16;

Secret derive(const Secret& root, std::uint64_t number) {
    std::string key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, '\0');
    crypto_kdf_derive_from_key(bytes_of(key), key.size(), number, "evenkeel",
                               bytes_of(root.reveal()));
    return Secret(std::move(key));
}

Result<Secret> read_key(const std::string& path) {
    struct stat info = {};
    if (::stat(path.c_str(), &info) != 0) return fail(system_error(errno, "open " + path));
    if ((info.st_mode & 077) != 0) {
        return fail(Errc::denied, path + " is open to others: chmod 600 it");
    }
    Secret key(EK_TRY(read_file(path, 4096)));
    if (key.size() != crypto_kdf_KEYBYTES) return fail(Errc::corrupt, path + " holds no key");
    return key;
}

}  // namespace

Result<Sealer> Sealer::open(const std::string& path, Missing missing) {
    need_sodium();
    auto root = read_key(path);
    if (!root && root.error().code == Errc::not_found && missing == Missing::create) {
        root = Secret(random_bytes(crypto_kdf_KEYBYTES));
        EK_CHECK(write_file(path, root->reveal(), 0600));
    }
    if (!root) return fail(root.error());
    return Sealer(derive(*root, 1), derive(*root, 2));
}

Sealer::Sealer(Secret seal_key, Secret fingerprint_key)
    : seal_key_(std::move(seal_key)), fingerprint_key_(std::move(fingerprint_key)) {}

std::string Sealer::seal(std::string_view value, std::string_view context) const {
    const std::string nonce = random_bytes(kNonce);
    std::string box(value.size() + kTag, '\0');
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes_of(box), nullptr, bytes_of(value), value.size(), bytes_of(context), context.size(),
        nullptr, bytes_of(std::string_view(nonce)), bytes_of(seal_key_.reveal()));
    return to_base64(kFormat + nonce + box);
}

std::size_t Sealer::sealed_bytes(std::size_t bytes) {
    return (1 + kNonce + bytes + kTag + 2) / 3 * 4;
}

Result<Secret> Sealer::unseal(std::string_view sealed, std::string_view context) const {
    const auto wrong = [] {
        return fail(Errc::corrupt,
                    "a sealed value does not open: other key, other place, or damaged");
    };
    const auto text = from_base64(sealed);
    if (!text || text->size() < 1 + kNonce + kTag || text->front() != kFormat) return wrong();
    const std::string_view nonce = std::string_view(*text).substr(1, kNonce);
    const std::string_view box = std::string_view(*text).substr(1 + kNonce);
    std::string value(box.size() - kTag, '\0');
    const int code = crypto_aead_xchacha20poly1305_ietf_decrypt(
        bytes_of(value), nullptr, nullptr, bytes_of(box), box.size(), bytes_of(context),
        context.size(), bytes_of(nonce), bytes_of(seal_key_.reveal()));
    if (code != 0) return wrong();
    return Secret(std::move(value));
}

std::string Sealer::fingerprint(std::string_view bytes) const {
    std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256(bytes_of(mac), bytes_of(bytes), bytes.size(),
                           bytes_of(fingerprint_key_.reveal()));
    return to_hex(std::string_view(mac).substr(0, kFingerprintBytes));
}

}  // namespace evenkeel::crypto
