#include "core/crypto/x509.hpp"

#include <memory>

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace evenkeel::crypto {
namespace {

// The tests look at the certificates with OpenSSL itself, as a peer would.
struct FreeAll {
    void operator()(X509* object) const { X509_free(object); }
    void operator()(BIO* object) const { BIO_free(object); }
    void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
    void operator()(X509_REQ* object) const { X509_REQ_free(object); }
    void operator()(X509_STORE* object) const { X509_STORE_free(object); }
    void operator()(X509_STORE_CTX* object) const { X509_STORE_CTX_free(object); }
    void operator()(ASN1_TIME* object) const { ASN1_TIME_free(object); }
};
template <typename T>
using Own = std::unique_ptr<T, FreeAll>;

Own<X509> read(const std::string& pem) {
    const Own<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Own<X509>(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// X509_V_OK or why the CA's holder would not believe the certificate.
int verify(const std::string& ca, const std::string& pem, int purpose, const char* host = nullptr) {
    const Own<X509> authority = read(ca);
    const Own<X509> certificate = read(pem);
    const Own<X509_STORE> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), authority.get());
    const Own<X509_STORE_CTX> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_purpose(rules, purpose);
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
    if (host != nullptr) X509_VERIFY_PARAM_set1_host(rules, host, 0);
    X509_verify_cert(context.get());
    return X509_STORE_CTX_get_error(context.get());
}

// A request for any key, signed with any key.
std::string request_for(EVP_PKEY* subject, EVP_PKEY* signer, const EVP_MD* digest = EVP_sha256()) {
    const Own<X509_REQ> request(X509_REQ_new());
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("x"), 1, -1, 0);
    X509_REQ_set_pubkey(request.get(), subject);
    const bool own_digest = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
    X509_REQ_sign(request.get(), signer, own_digest ? nullptr : digest);
    const Own<BIO> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509_REQ(bio.get(), request.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::string request_with(EVP_PKEY* made) {
    const Own<EVP_PKEY> key(made);
    return request_for(key.get(), key.get());
}

class X509Test : public testing::Test {
  protected:
    const Authority ca_ = Authority::create("Evenkeel test").value();
    const Secret key_ = make_key().value();
    const std::string request_ = make_request(key_, "anything at all").value();
};

TEST_F(X509Test, TheAuthorityIsStrictlyValidForEver) {
    EXPECT_EQ(verify(ca_.certificate(), ca_.certificate(), X509_PURPOSE_ANY), X509_V_OK);
    const Own<X509> certificate = read(ca_.certificate());
    EXPECT_EQ(X509_check_ca(certificate.get()), 1);
    const Own<ASN1_TIME> begin(ASN1_TIME_new());
    const Own<ASN1_TIME> end(ASN1_TIME_new());
    ASN1_TIME_set_string_X509(begin.get(), "19700101000000Z");
    ASN1_TIME_set_string_X509(end.get(), "99991231235959Z");
    EXPECT_EQ(ASN1_TIME_compare(X509_get0_notBefore(certificate.get()), begin.get()), 0);
    EXPECT_EQ(ASN1_TIME_compare(X509_get0_notAfter(certificate.get()), end.get()), 0);
}

TEST_F(X509Test, TheAuthorityIsTakenUpAgain) {
    const auto again = Authority::load(ca_.certificate(), ca_.key());
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_EQ(again->fingerprint(), ca_.fingerprint());
    EXPECT_EQ(certificate_fingerprint(ca_.certificate()).value(), ca_.fingerprint());
    EXPECT_EQ(
        verify(ca_.certificate(), again->sign_server(request_).value(), X509_PURPOSE_SSL_SERVER),
        X509_V_OK);
    EXPECT_EQ(Authority::load(ca_.certificate(), key_).error().code, Errc::invalid);
    EXPECT_FALSE(Authority::load("nonsense", key_));
}

TEST_F(X509Test, AServersCertificateIsForTheFixedNameAndServersOnly) {
    const std::string server = ca_.sign_server(request_).value();
    EXPECT_EQ(verify(ca_.certificate(), server, X509_PURPOSE_SSL_SERVER, "evenkeel-orchestrator"),
              X509_V_OK);
    EXPECT_NE(verify(ca_.certificate(), server, X509_PURPOSE_SSL_SERVER, "localhost"), X509_V_OK);
    EXPECT_NE(verify(ca_.certificate(), server, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
}

TEST_F(X509Test, AHostsCertificateCannotPoseAsTheServer) {
    const std::string disguised = make_request(key_, kServerName).value();
    const std::string host = ca_.sign_host(disguised, "host_1").value();
    EXPECT_EQ(verify(ca_.certificate(), host, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
    EXPECT_NE(verify(ca_.certificate(), host, X509_PURPOSE_SSL_SERVER), X509_V_OK);
    EXPECT_NE(verify(ca_.certificate(), host, X509_PURPOSE_SSL_CLIENT, "evenkeel-orchestrator"),
              X509_V_OK);
}

TEST_F(X509Test, TheHostIdIsTheNameWhateverTheRequestSays) {
    const std::string host = ca_.sign_host(request_, "host_1").value();
    EXPECT_EQ(certificate_common_name(host).value(), "host_1");
    EXPECT_EQ(certificate_key_fingerprint(host).value(), request_key_fingerprint(request_).value());
}

TEST_F(X509Test, AHostsCertificateSignsNoOthers) {
    const std::string host = ca_.sign_host(request_, "host_1").value();
    const auto posing = Authority::load(host, key_);
    ASSERT_TRUE(posing);
    const std::string forged = posing->sign_server(request_).value();
    EXPECT_NE(verify(ca_.certificate(), forged, X509_PURPOSE_SSL_SERVER), X509_V_OK);
}

TEST_F(X509Test, EveryCertificateHasItsOwnSerialAndFingerprint) {
    const std::string one = ca_.sign_host(request_, "host_1").value();
    const std::string two = ca_.sign_host(request_, "host_1").value();
    EXPECT_NE(certificate_fingerprint(one).value(), certificate_fingerprint(two).value());
    EXPECT_NE(Authority::create("same").value().fingerprint(),
              Authority::create("same").value().fingerprint());
}

TEST_F(X509Test, ARequestMustProveThatItHasTheKey) {
    const Own<EVP_PKEY> one(EVP_EC_gen("P-256"));
    const Own<EVP_PKEY> other(EVP_EC_gen("P-256"));
    const std::string stolen = request_for(one.get(), other.get());
    EXPECT_EQ(check_request(stolen).error().code, Errc::invalid);
    EXPECT_EQ(ca_.sign_host(stolen, "host_1").error().code, Errc::invalid);
    EXPECT_EQ(ca_.sign_server(stolen).error().code, Errc::invalid);
}

TEST_F(X509Test, OnlyTheNamedKindsOfKeysAreSigned) {
    EXPECT_TRUE(check_request(request_with(EVP_EC_gen("P-256"))));
    EXPECT_TRUE(check_request(request_with(EVP_EC_gen("P-384"))));
    EXPECT_TRUE(check_request(request_with(EVP_RSA_gen(2048))));
    EXPECT_FALSE(check_request(request_with(EVP_RSA_gen(1024))));
    EXPECT_FALSE(check_request(request_with(EVP_EC_gen("P-521"))));
    EXPECT_FALSE(check_request(request_with(EVP_EC_gen("secp256k1"))));
    EXPECT_FALSE(check_request(request_with(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))));
}

TEST_F(X509Test, ARequestSignedByAWeakDigestIsRefused) {
    const Own<EVP_PKEY> rsa(EVP_RSA_gen(2048));
    const Own<EVP_PKEY> ec(EVP_EC_gen("P-256"));
    for (const EVP_MD* weak : {EVP_md5(), EVP_sha1()}) {
        const auto checked = check_request(request_for(rsa.get(), rsa.get(), weak));
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, Errc::invalid);
        EXPECT_NE(checked.error().what.find("sign it with SHA-256"), std::string::npos)
            << checked.error().what;
    }
    EXPECT_FALSE(ca_.sign_host(request_for(ec.get(), ec.get(), EVP_sha1()), "host_1"));
    EXPECT_TRUE(check_request(request_for(rsa.get(), rsa.get(), EVP_sha384())));
    EXPECT_TRUE(check_request(request_for(ec.get(), ec.get(), EVP_sha512())));
}

TEST_F(X509Test, AnotherDocumentIsNoRequest) {
    EXPECT_EQ(check_request("").error().code, Errc::invalid);
    EXPECT_EQ(check_request(ca_.certificate()).error().code, Errc::invalid);
    EXPECT_EQ(check_request(key_.reveal()).error().code, Errc::invalid);
    EXPECT_EQ(check_request(request_.substr(0, request_.size() / 2)).error().code, Errc::invalid);
    EXPECT_EQ(check_request(std::string(1 << 20, '\n') + request_).error().code, Errc::limit);
    std::string changed = request_;
    changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(check_request(changed));
}

TEST_F(X509Test, ANameTooLongForACertificateIsRefused) {
    EXPECT_FALSE(make_request(key_, std::string(65, 'x')));
    EXPECT_FALSE(ca_.sign_host(request_, std::string(65, 'x')));
    EXPECT_TRUE(ca_.sign_host(request_, "host_0192f0c1-0000-7000-8000-000000000000"));
}

}  // namespace
}  // namespace evenkeel::crypto
