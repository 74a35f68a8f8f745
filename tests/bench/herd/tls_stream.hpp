#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/types.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"

namespace evenkeel::herd {

template <auto free_function>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        free_function(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

Result<Key> read_key(std::string_view pem);
Result<Certificate> read_certificate(std::string_view pem);

// One context for all connections: a context for each would cost more than all the rest.
Result<TlsContext> make_tls_context(const std::string& ca_file);

// A client's non-blocking TLS connection that says how far it has come. Nothing here waits.
class TlsStream {
  public:
    enum class Stage { dialing, handshake, open, ended };

    // `from` is the local address; `key` and `certificate` may be null.
    static Result<TlsStream> dial(SSL_CTX* context, const sockaddr_in& from, const sockaddr_in& to,
                                  EVP_PKEY* key, X509* certificate);

    int fd() const { return fd_.get(); }
    Stage stage() const { return stage_; }
    // Goes on as far as it can; the stage that it has come to.
    Stage advance();
    // How many bytes; 0: none now; below 0: the stream has ended.
    ssize_t read(char* into, std::size_t size);
    ssize_t write(const char* from, std::size_t size);

    // How far it came before it ended, and why it ended.
    bool was_connected() const { return connected_; }
    bool was_answered() const;  // the peer has sent at least one byte of TLS
    bool was_open() const { return opened_; }
    const std::string& why() const { return why_; }

  private:
    TlsStream(Fd fd, std::unique_ptr<SSL, Free<SSL_free>> tls)
        : fd_(std::move(fd)), tls_(std::move(tls)) {}
    void check_connected();
    void shake_hands();
    ssize_t result_of(int done);
    void end(std::string why);

    Fd fd_;
    std::unique_ptr<SSL, Free<SSL_free>> tls_;
    Stage stage_ = Stage::dialing;
    bool connected_ = false;
    bool opened_ = false;
    std::string why_;
};

}  // namespace evenkeel::herd
