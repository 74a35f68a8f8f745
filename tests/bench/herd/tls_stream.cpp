#include "tls_stream.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "core/crypto/x509.hpp"

namespace evenkeel::herd {
namespace {

Result<Fd> connecting_socket(const sockaddr_in& from, const sockaddr_in& to) {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return fail(system_error(errno, "make a socket"));
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // The port is chosen at connect(), when it need be free for this destination only.
    setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
        return fail(system_error(errno, "bind a socket"));
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
        errno != EINPROGRESS) {
        return fail(system_error(errno, "connect"));
    }
    return fd;
}

}  // namespace

Result<TlsContext> make_tls_context(const std::string& ca_file) {
    TlsContext context(SSL_CTX_new(TLS_client_method()));
    if (!context || SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1)
        return fail(crypto::openssl_error(Errc::invalid, "cannot read " + ca_file));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

Result<TlsStream> TlsStream::dial(SSL_CTX* context, const sockaddr_in& from, const sockaddr_in& to,
                                  EVP_PKEY* key, X509* certificate) {
    Fd fd = EK_TRY(connecting_socket(from, to));
    crypto::Ssl tls(SSL_new(context));
    std::string name(crypto::kServerName);
    const bool made = tls && SSL_set_fd(tls.get(), fd.get()) == 1 &&
                      SSL_ctrl(tls.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                               name.data()) == 1 &&
                      SSL_set1_host(tls.get(), name.c_str()) == 1 &&
                      (!certificate || SSL_use_certificate(tls.get(), certificate) == 1) &&
                      (!key || SSL_use_PrivateKey(tls.get(), key) == 1);
    if (!made) return fail(crypto::openssl_error(Errc::internal, "cannot set up TLS"));
    SSL_set_connect_state(tls.get());
    return TlsStream(std::move(fd), std::move(tls));
}

bool TlsStream::was_answered() const {
    return BIO_number_read(SSL_get_rbio(tls_.get())) > 0;
}

TlsStream::Stage TlsStream::advance() {
    if (stage_ == Stage::dialing) check_connected();
    if (stage_ == Stage::handshake) shake_hands();
    return stage_;
}

void TlsStream::check_connected() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return end(std::strerror(error));
    sockaddr_in peer{};
    size = sizeof peer;
    if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0) return;
    connected_ = true;
    stage_ = Stage::handshake;
}

void TlsStream::shake_hands() {
    const int done = SSL_do_handshake(tls_.get());
    if (done == 1) {
        opened_ = true;
        stage_ = Stage::open;
    } else {
        result_of(done);
    }
}

ssize_t TlsStream::read(char* into, std::size_t size) {
    if (stage_ != Stage::open) return -1;
    const int done = SSL_read(tls_.get(), into, static_cast<int>(size));
    return done > 0 ? done : result_of(done);
}

ssize_t TlsStream::write(const char* from, std::size_t size) {
    if (stage_ != Stage::open) return -1;
    const int done = SSL_write(tls_.get(), from, static_cast<int>(size));
    return done > 0 ? done : result_of(done);
}

ssize_t TlsStream::result_of(int done) {
    const int error_number = errno;
    switch (SSL_get_error(tls_.get(), done)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return 0;
        case SSL_ERROR_ZERO_RETURN:
            end("the peer closed the connection");
            break;
        case SSL_ERROR_SYSCALL:
            end(error_number == 0 ? "the peer cut the connection" : std::strerror(error_number));
            break;
        default:
            end(crypto::openssl_error(Errc::unavailable, "TLS").what);
    }
    ERR_clear_error();
    return -1;
}

void TlsStream::end(std::string why) {
    stage_ = Stage::ended;
    why_ = std::move(why);
}

}  // namespace evenkeel::herd
