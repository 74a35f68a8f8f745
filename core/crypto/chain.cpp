#include "core/crypto/chain.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "core/base/fd.hpp"
#include "core/crypto/openssl.hpp"
#include "core/crypto/x509.hpp"

namespace evenkeel::crypto {
namespace {

using Clock = std::chrono::steady_clock;
using Addresses = std::unique_ptr<addrinfo, Free<freeaddrinfo>>;

Result<void> wait_for(int fd, short events, Clock::time_point deadline, const std::string& peer) {
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return fail(Errc::timeout, peer + " does not answer in time");
        pollfd entry{fd, events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(std::min<long>(left, 60'000)));
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return fail(system_error(errno, "wait for " + peer));
    }
}

Result<Fd> connect_one(const addrinfo& address, Clock::time_point deadline,
                       const std::string& peer) {
    Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(system_error(errno, "open a socket"));
    if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return fd;
    if (errno != EINPROGRESS) return fail(system_error(errno, "connect to " + peer));
    EK_CHECK(wait_for(fd.get(), POLLOUT, deadline, peer));
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(system_error(error, "connect to " + peer));
    return fd;
}

Result<Fd> connect_to(const std::string& host, std::uint16_t port, Clock::time_point deadline) {
    const std::string peer = host + ":" + std::to_string(port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (code != 0) return fail(Errc::unavailable, "resolve " + host + ": " + gai_strerror(code));
    const Addresses addresses(found);
    Error last{Errc::unavailable, host + " has no address"};
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        auto connected = connect_one(*at, deadline, peer);
        if (connected) return connected;
        last = connected.error();
        if (last.code == Errc::timeout) break;
        last.code = Errc::unavailable;
    }
    return fail(last);
}

Result<void> shake_hands(SSL* ssl, int fd, Clock::time_point deadline, const std::string& peer) {
    for (;;) {
        const int code = SSL_connect(ssl);
        if (code == 1) return {};
        switch (SSL_get_error(ssl, code)) {
            case SSL_ERROR_WANT_READ:
                EK_CHECK(wait_for(fd, POLLIN, deadline, peer));
                break;
            case SSL_ERROR_WANT_WRITE:
                EK_CHECK(wait_for(fd, POLLOUT, deadline, peer));
                break;
            default:
                return fail(openssl_error(Errc::unavailable, "no TLS with " + peer));
        }
    }
}

// Keeps SIGPIPE, which OpenSSL's writes to a peer that has gone would raise, from this thread.
class WithoutPipeSignal {
  public:
    WithoutPipeSignal() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    WithoutPipeSignal(const WithoutPipeSignal&) = delete;
    WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;
    ~WithoutPipeSignal() {
        const timespec at_once{};
        while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) continue;
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

  private:
    sigset_t pipe_{};
    sigset_t before_{};
};

bool same_hex(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

// Whether `leaf` is a server's certificate for kServerName, signed by `authority`.
Result<void> check_signed(X509* leaf, X509* authority) {
    const CertificateStore store(X509_STORE_new());
    const StoreContext context(X509_STORE_CTX_new());
    if (!store || !context || X509_STORE_add_cert(store.get(), authority) != 1 ||
        X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr) != 1) {
        return fail(openssl_error(Errc::internal, "prepare to check a certificate"));
    }
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set1_host(rules, kServerName.data(), kServerName.size());
    if (X509_verify_cert(context.get()) == 1) return {};
    return fail(Errc::denied,
                std::string("the CA does not vouch for the server's certificate: ") +
                    X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

}  // namespace

Result<std::vector<std::string>> read_chain(const std::string& host, std::uint16_t port,
                                            std::chrono::milliseconds limit) {
    const WithoutPipeSignal guard;
    const auto deadline = Clock::now() + limit;
    const std::string peer = host + ":" + std::to_string(port);
    const SslContext context(SSL_CTX_new(TLS_client_method()));
    const Ssl ssl(context ? SSL_new(context.get()) : nullptr);
    if (!ssl) return fail(openssl_error(Errc::internal, "prepare TLS"));
    SSL_set_verify(ssl.get(), SSL_VERIFY_NONE, nullptr);
    SSL_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
    const Fd fd = EK_TRY(connect_to(host, port, deadline));
    SSL_set_fd(ssl.get(), fd.get());
    // What the macro SSL_set_tlsext_host_name does, which casts in the old style.
    std::string name(kServerName);
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    EK_CHECK(shake_hands(ssl.get(), fd.get(), deadline, peer));
    std::vector<std::string> chain;
    const STACK_OF(X509)* shown = SSL_get_peer_cert_chain(ssl.get());
    for (int i = 0; i < sk_X509_num(shown); ++i) chain.push_back(to_der(sk_X509_value(shown, i)));
    if (chain.empty()) return fail(Errc::unavailable, peer + " shows no certificate");
    return chain;
}

Result<std::string> find_authority(const std::vector<std::string>& chain, std::string_view sha256) {
    if (chain.empty()) return fail(Errc::denied, "the server shows no certificate");
    std::string seen;
    for (const std::string& der : chain) {
        const std::string fingerprint = certificate_fingerprint_der(der);
        if (same_hex(fingerprint, sha256)) {
            const Certificate authority = EK_TRY(parse_certificate_der(der));
            const Certificate leaf = EK_TRY(parse_certificate_der(chain.front()));
            EK_CHECK(check_signed(leaf.get(), authority.get()));
            return to_pem(authority.get());
        }
        seen += (seen.empty() ? "" : ", ") + fingerprint;
    }
    return fail(Errc::denied,
                "the server shows no CA with the SHA-256 " + std::string(sha256) + ", but " + seen);
}

}  // namespace evenkeel::crypto
