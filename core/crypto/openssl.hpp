#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "core/base/result.hpp"

// OpenSSL's objects with owners; for this folder's .cpp files, and for tests/bench/herd.
namespace evenkeel::crypto {

template <auto free_function>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        free_function(object);
    }
};

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Request = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using CertificateStore = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Free<SSL_free>>;

// The Error with OpenSSL's own reason behind `doing`; empties its queue of errors.
Error openssl_error(Errc code, std::string_view doing);

// A memory BIO that reads `text`, which must outlive it.
Bio reader_of(std::string_view text);
// What was written to a memory BIO.
std::string text_of(BIO* bio);

// `invalid` when the text is over kPemBytesMax or is not one such thing.
Result<Key> parse_key(const class Secret& pem);
Result<Request> parse_request(std::string_view pem);
Result<Certificate> parse_certificate(std::string_view pem);
Result<Certificate> parse_certificate_der(std::string_view der);
std::string to_pem(X509* certificate);
std::string to_der(X509* certificate);

}  // namespace evenkeel::crypto
