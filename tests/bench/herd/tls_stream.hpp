#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/types.h>

#include "core/base/fd.hpp"
#include "core/base/result.hpp"
#include "core/crypto/openssl.hpp"

namespace evenkeel::herd {

using crypto::Certificate;
using crypto::Key;
using TlsContext = crypto::SslContext;

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
    TlsStream(Fd fd, crypto::Ssl tls) : fd_(std::move(fd)), tls_(std::move(tls)) {}
    void check_connected();
    void shake_hands();
    ssize_t result_of(int done);
    void end(std::string why);

    Fd fd_;
    crypto::Ssl tls_;
    Stage stage_ = Stage::dialing;
    bool connected_ = false;
    bool opened_ = false;
    std::string why_;
};

}  // namespace evenkeel::herd
