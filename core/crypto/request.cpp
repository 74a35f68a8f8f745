#include <array>

#include <openssl/ec.h>
#include <openssl/pem.h>

#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/openssl.hpp"
#include "core/crypto/sodium.hpp"
#include "core/crypto/x509.hpp"

namespace evenkeel::crypto {
namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;  // more costs a server's processor, not an attacker's

Result<void> check_key(EVP_PKEY* key) {
    const int kind = EVP_PKEY_get_base_id(key);
    if (kind == EVP_PKEY_RSA) {
        const int bits = EVP_PKEY_get_bits(key);
        if (bits >= kRsaBitsMin && bits <= kRsaBitsMax) return {};
        return fail(Errc::invalid,
                    "an RSA key of " + std::to_string(bits) + " bits: it must have 2048 to 8192");
    }
    if (kind == EVP_PKEY_EC) {
        std::array<char, 64> group{};
        std::size_t size = 0;
        // Fails for curves given by their numbers instead of a name.
        if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1) {
            const std::string_view name(group.data(), size);
            if (name == "prime256v1" || name == "P-256" || name == "secp384r1" || name == "P-384") {
                return {};
            }
        }
    }
    return fail(Errc::invalid, "the key is neither EC P-256 or P-384 nor RSA of 2048 to 8192 bits");
}

Result<std::string> key_fingerprint(EVP_PKEY* key) {
    unsigned char* data = nullptr;
    const int size = i2d_PUBKEY(key, &data);
    if (size <= 0) return fail(openssl_error(Errc::internal, "encode a public key"));
    const std::string_view der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    std::string fingerprint = sha256_hex(der);
    OPENSSL_free(data);
    return fingerprint;
}

// MD5 and SHA-1 can be forged, so such a signature does not show that the sender has the key.
Result<void> check_signature_kind(const X509_REQ* request) {
    const int kind = X509_REQ_get_signature_nid(request);
    int digest = NID_undef;
    if (OBJ_find_sigid_algs(kind, &digest, nullptr) == 1 &&
        (digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512)) {
        return {};
    }
    const char* name = OBJ_nid2sn(kind);
    return fail(Errc::invalid, "the request is signed by " + std::string(name ? name : "?") +
                                   ": sign it with SHA-256, SHA-384 or SHA-512");
}

Result<void> check(X509_REQ* request) {
    EVP_PKEY* key = X509_REQ_get0_pubkey(request);
    if (key == nullptr) return fail(openssl_error(Errc::invalid, "a request without a usable key"));
    EK_CHECK(check_key(key));
    EK_CHECK(check_signature_kind(request));
    if (X509_REQ_verify(request, key) != 1) {
        return fail(openssl_error(Errc::invalid, "the request is not signed by its own key"));
    }
    return {};
}

}  // namespace

Result<Secret> make_key() {
    const Key key(EVP_EC_gen("P-256"));
    const Bio bio(BIO_new(BIO_s_secmem()));
    if (!key || !bio ||
        PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) != 1) {
        return fail(openssl_error(Errc::internal, "make a key"));
    }
    return Secret(text_of(bio.get()));
}

Result<std::string> make_request(const Secret& key, std::string_view common_name) {
    const Key private_key = EK_TRY(parse_key(key));
    const Request request(X509_REQ_new());
    const Bio bio(BIO_new(BIO_s_mem()));
    X509_NAME* name = X509_REQ_get_subject_name(request.get());
    const bool made =
        X509_REQ_set_version(request.get(), 0) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes_of(common_name),
                                   static_cast<int>(common_name.size()), -1, 0) == 1 &&
        X509_REQ_set_pubkey(request.get(), private_key.get()) == 1 &&
        X509_REQ_sign(request.get(), private_key.get(), EVP_sha256()) > 0 &&
        PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1;
    if (!made) return fail(openssl_error(Errc::invalid, "make a certificate request"));
    return text_of(bio.get());
}

Result<void> check_request(std::string_view pem) {
    return check(EK_TRY(parse_request(pem)).get());
}

Result<std::string> request_key_fingerprint(std::string_view pem) {
    const Request request = EK_TRY(parse_request(pem));
    EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr) return fail(openssl_error(Errc::invalid, "a request without a usable key"));
    return key_fingerprint(key);
}

Result<std::string> certificate_key_fingerprint(std::string_view pem) {
    const Certificate certificate = EK_TRY(parse_certificate(pem));
    EVP_PKEY* key = X509_get0_pubkey(certificate.get());
    if (key == nullptr) return fail(openssl_error(Errc::invalid, "a certificate without a key"));
    return key_fingerprint(key);
}

Result<std::string> certificate_fingerprint(std::string_view pem) {
    return certificate_fingerprint_der(to_der(EK_TRY(parse_certificate(pem)).get()));
}

std::string certificate_fingerprint_der(std::string_view der) {
    return sha256_hex(der);
}

Result<std::string> certificate_common_name(std::string_view pem) {
    const Certificate certificate = EK_TRY(parse_certificate(pem));
    std::array<char, 256> name{};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()),
                                               NID_commonName, name.data(), name.size());
    if (size < 0) return fail(Errc::not_found, "the certificate has no common name");
    return std::string(name.data(), static_cast<std::size_t>(size));
}

}  // namespace evenkeel::crypto
