#include <array>
#include <utility>

#include "core/crypto/hash.hpp"
#include "core/crypto/openssl.hpp"
#include "core/crypto/sodium.hpp"
#include "core/crypto/x509.hpp"

namespace evenkeel::crypto {
namespace {

constexpr std::size_t kSerialBytes = 19;  // RFC 5280: at most 20, and positive

struct ExtensionText {
    int nid;
    std::string value;
};

bool add_extension(X509* certificate, X509* issuer, const ExtensionText& text) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509V3_set_ctx_nodb(&context);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, text.nid, text.value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    const std::string bytes = random_bytes(kSerialBytes);
    const BigNumber number(
        BN_bin2bn(bytes_of(std::string_view(bytes)), static_cast<int>(bytes.size()), nullptr));
    return number &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate) {
    return ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "19700101000000Z") == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") == 1;
}

bool set_name(X509* certificate, std::string_view common_name) {
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      bytes_of(common_name), static_cast<int>(common_name.size()),
                                      -1, 0) == 1;
}

// A certificate for `subject` signed by `signer`; no issuer means self-signed.
Result<std::string> issue(EVP_PKEY* subject, std::string_view common_name, X509* issuer,
                          EVP_PKEY* signer, const std::vector<ExtensionText>& extensions) {
    const Certificate certificate(X509_new());
    X509* const self = certificate.get();
    X509* const parent = issuer != nullptr ? issuer : self;
    bool made = self != nullptr && X509_set_version(self, 2) == 1 && set_serial(self) &&
                set_validity(self) && set_name(self, common_name) &&
                X509_set_issuer_name(self, X509_get_subject_name(parent)) == 1 &&
                X509_set_pubkey(self, subject) == 1;
    for (const ExtensionText& text : extensions) {
        made = made && add_extension(self, parent, text);
    }
    if (!made || X509_sign(self, signer, EVP_sha256()) <= 0) {
        return fail(openssl_error(Errc::internal, "make a certificate"));
    }
    return to_pem(self);
}

}  // namespace

Authority::Authority(std::string certificate, Secret key, std::string fingerprint)
    : certificate_(std::move(certificate)),
      key_(std::move(key)),
      fingerprint_(std::move(fingerprint)) {}

Result<Authority> Authority::create(std::string_view common_name) {
    Secret key = EK_TRY(make_key());
    const Key parsed = EK_TRY(parse_key(key));
    std::string certificate = EK_TRY(issue(parsed.get(), common_name, nullptr, parsed.get(),
                                           {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                            {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                            {NID_subject_key_identifier, "hash"}}));
    return load(std::move(certificate), std::move(key));
}

Result<Authority> Authority::load(std::string certificate, Secret key) {
    const Certificate parsed = EK_TRY(parse_certificate(certificate));
    const Key private_key = EK_TRY(parse_key(key));
    if (X509_check_private_key(parsed.get(), private_key.get()) != 1) {
        return fail(openssl_error(Errc::invalid, "the CA's certificate is not for its key"));
    }
    std::string fingerprint = certificate_fingerprint_der(to_der(parsed.get()));
    return Authority(std::move(certificate), std::move(key), std::move(fingerprint));
}

Result<std::string> Authority::sign_server(std::string_view request) const {
    return sign(request, kServerName, "serverAuth", "DNS:" + std::string(kServerName));
}

Result<std::string> Authority::sign_host(std::string_view request, std::string_view host_id) const {
    return sign(request, host_id, "clientAuth", "");
}

Result<std::string> Authority::sign(std::string_view request, std::string_view common_name,
                                    const std::string& usage, const std::string& names) const {
    EK_CHECK(check_request(request));
    const Request parsed = EK_TRY(parse_request(request));
    const Certificate issuer = EK_TRY(parse_certificate(certificate_));
    const Key signer = EK_TRY(parse_key(key_));
    std::vector<ExtensionText> extensions{{NID_basic_constraints, "critical,CA:FALSE"},
                                          {NID_key_usage, "critical,digitalSignature"},
                                          {NID_ext_key_usage, usage},
                                          {NID_subject_key_identifier, "hash"},
                                          {NID_authority_key_identifier, "keyid:always"}};
    if (!names.empty()) extensions.push_back({NID_subject_alt_name, names});
    return issue(X509_REQ_get0_pubkey(parsed.get()), common_name, issuer.get(), signer.get(),
                 extensions);
}

}  // namespace evenkeel::crypto
