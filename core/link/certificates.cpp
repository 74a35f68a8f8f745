#include "core/link/certificates.hpp"

#include <memory>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace evenkeel::link {

Result<void> check_certificates(const std::string& ca_file, const std::string& certificate_file,
                                const std::string& key_file) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_method()),
                                                                    SSL_CTX_free);
    if (!context) return fail(Errc::internal, "cannot make a TLS context");
    std::string wrong;
    if (!ca_file.empty() && SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
        wrong = "no CA certificate can be read from " + ca_file;
    } else if (!certificate_file.empty() &&
               SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
        wrong = "no certificate can be read from " + certificate_file;
    } else if (!certificate_file.empty() &&
               SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) !=
                   1) {
        wrong = "no key of " + certificate_file + " can be read from " + key_file;
    }
    ERR_clear_error();
    if (!wrong.empty()) return fail(Errc::invalid, wrong);
    return {};
}

}  // namespace evenkeel::link
