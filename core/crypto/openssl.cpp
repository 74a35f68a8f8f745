#include "core/crypto/openssl.hpp"

#include <array>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/crypto/secret.hpp"
#include "core/crypto/sodium.hpp"
#include "core/crypto/x509.hpp"

namespace evenkeel::crypto {
namespace {

// An encrypted key would otherwise be asked for on the terminal.
int no_password(char*, int, int, void*) {
    return -1;
}

Result<Bio> checked_reader(std::string_view pem) {
    if (pem.size() > kPemBytesMax) {
        return fail(Errc::limit, "PEM of more than " + std::to_string(kPemBytesMax) + " bytes");
    }
    return reader_of(pem);
}

}  // namespace

Error openssl_error(Errc code, std::string_view doing) {
    const unsigned long number = ERR_peek_last_error();
    ERR_clear_error();
    std::string what(doing);
    const char* reason = number == 0 ? nullptr : ERR_reason_error_string(number);
    if (reason != nullptr) what += std::string(": ") + reason;
    return {code, std::move(what)};
}

Bio reader_of(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

Result<Key> parse_key(const Secret& pem) {
    const Bio bio = EK_TRY(checked_reader(pem.reveal()));
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    if (!key) return fail(openssl_error(Errc::invalid, "not a private key in PEM"));
    return key;
}

Result<Request> parse_request(std::string_view pem) {
    const Bio bio = EK_TRY(checked_reader(pem));
    Request request(PEM_read_bio_X509_REQ(bio.get(), nullptr, no_password, nullptr));
    if (!request) return fail(openssl_error(Errc::invalid, "not a certificate request in PEM"));
    return request;
}

Result<Certificate> parse_certificate(std::string_view pem) {
    const Bio bio = EK_TRY(checked_reader(pem));
    Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!certificate) return fail(openssl_error(Errc::invalid, "not a certificate in PEM"));
    return certificate;
}

Result<Certificate> parse_certificate_der(std::string_view der) {
    const unsigned char* at = bytes_of(der);
    Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!certificate) return fail(openssl_error(Errc::invalid, "not a certificate in DER"));
    return certificate;
}

std::string to_pem(X509* certificate) {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    return text_of(bio.get());
}

std::string to_der(X509* certificate) {
    unsigned char* data = nullptr;
    const int size = i2d_X509(certificate, &data);
    if (size <= 0) return {};
    std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return der;
}

}  // namespace evenkeel::crypto
