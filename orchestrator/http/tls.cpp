#include "orchestrator/http/tls.hpp"

#include <boost/asio/ssl/context.hpp>

namespace evenkeel::http {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>> make_tls(const std::string& certificate,
                                               const std::string& key) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    if (SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) != 1) {
        return fail(Errc::internal, "OpenSSL has no TLS 1.2");
    }
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    boost::system::error_code error;
    context->use_certificate_chain_file(certificate, error);
    if (error) {
        return fail(Errc::invalid, "the certificate " + certificate + ": " + error.message());
    }
    context->use_private_key_file(key, ssl::context::pem, error);
    if (error) return fail(Errc::invalid, "the key " + key + ": " + error.message());
    return context;
}

}  // namespace evenkeel::http
