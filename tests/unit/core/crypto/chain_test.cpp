#include "core/crypto/chain.hpp"

#include <memory>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "core/base/fd.hpp"
#include "core/crypto/x509.hpp"

namespace evenkeel::crypto {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Listens on a free port of loopback and handles one connection on a thread of its own.
class Server {
  public:
    explicit Server(std::function<void(int)> handle) : handle_(std::move(handle)) {
        listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_.get(), generic, sizeof(address)), 0);
        EXPECT_EQ(::listen(listener_.get(), 5), 0);
        socklen_t size = sizeof(address);
        ::getsockname(listener_.get(), generic, &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] {
            sigset_t pipe{};  // OpenSSL raises it when the peer has gone already
            sigaddset(&pipe, SIGPIPE);
            pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
            const Fd connection(::accept(listener_.get(), nullptr, nullptr));
            if (connection) handle_(connection.get());
        });
    }
    ~Server() {
        ::shutdown(listener_.get(), SHUT_RDWR);  // wakes an accept that nobody came for
        thread_.join();
    }
    std::uint16_t port() const { return port_; }

  private:
    std::function<void(int)> handle_;
    Fd listener_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

X509* parse(const std::string& pem) {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    return certificate;
}

// Serves TLS with the certificate and `chain` behind it until the peer goes.
void serve_tls(int fd, const std::string& certificate, const Secret& key,
               const std::string& chain) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    X509* own = parse(certificate);
    SSL_CTX_use_certificate(context, own);
    X509_free(own);
    const std::string pem(key.reveal());
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* private_key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context, private_key);
    EVP_PKEY_free(private_key);
    BIO_free(bio);
    if (!chain.empty()) SSL_CTX_ctrl(context, SSL_CTRL_EXTRA_CHAIN_CERT, 0, parse(chain));
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    SSL_accept(ssl);
    char byte = 0;
    SSL_read(ssl, &byte, 1);
    SSL_free(ssl);
    SSL_CTX_free(context);
}

class Chain : public testing::Test {
  protected:
    const Authority ca_ = Authority::create("Evenkeel test").value();
    const Secret key_ = make_key().value();
    const std::string request_ = make_request(key_, "x").value();

    // What an agent finds when it is shown `certificate` and `chain` and was given `sha256`.
    Result<std::string> find(const std::string& certificate, const std::string& chain,
                             const std::string& sha256) {
        const Server server([&](int fd) { serve_tls(fd, certificate, key_, chain); });
        const auto shown = read_chain("127.0.0.1", server.port(), seconds(10));
        if (!shown) return fail(shown.error());
        return find_authority(*shown, sha256);
    }
};

TEST_F(Chain, TheAuthorityIsFoundByItsFingerprint) {
    const std::string server = ca_.sign_server(request_).value();
    EXPECT_EQ(find(server, ca_.certificate(), ca_.fingerprint()).value(), ca_.certificate());
    std::string upper = ca_.fingerprint();
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(find(server, ca_.certificate(), upper).value(), ca_.certificate());
}

TEST_F(Chain, AnotherAuthorityIsRefusedWithBothFingerprints) {
    const std::string wanted = Authority::create("other")->fingerprint();
    const auto found = find(ca_.sign_server(request_).value(), ca_.certificate(), wanted);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::denied);
    EXPECT_NE(found.error().what.find(wanted), std::string::npos);
    EXPECT_NE(found.error().what.find(ca_.fingerprint()), std::string::npos);
}

TEST_F(Chain, ShowingTheAuthorityWithoutItsSignatureIsNotEnough) {
    // Anybody can send the certificate of the CA behind one of his own.
    const Authority mine = Authority::create("Evenkeel test").value();
    const auto found =
        find(mine.sign_server(request_).value(), ca_.certificate(), ca_.fingerprint());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::denied);
}

TEST_F(Chain, AHostsCertificateDoesNotPassForTheServers) {
    const auto found = find(ca_.sign_host(request_, std::string(kServerName)).value(),
                            ca_.certificate(), ca_.fingerprint());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::denied);
}

TEST_F(Chain, AServerThatHidesTheAuthorityIsRefused) {
    const auto found = find(ca_.sign_server(request_).value(), "", ca_.fingerprint());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::denied);
    EXPECT_FALSE(find_authority({}, ca_.fingerprint()));
    EXPECT_FALSE(find_authority({"not a certificate"}, ca_.fingerprint()));
}

TEST(ReadChain, EndsInTimeWhenNothingIsAnswered) {
    const Server server([](int fd) {
        pollfd entry{fd, POLLRDHUP, 0};
        ::poll(&entry, 1, 10'000);  // silent until the peer gives up
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto chain = read_chain("127.0.0.1", server.port(), milliseconds(200));
    EXPECT_EQ(chain.error().code, Errc::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

TEST(ReadChain, SaysSoWhenItIsNoTls) {
    const Server server([](int fd) {
        EXPECT_EQ(::send(fd, "SSH-2.0-x\r\n", 11, MSG_NOSIGNAL), 11);
        char buffer[512];
        while (::recv(fd, buffer, sizeof(buffer), 0) > 0) continue;
    });
    const auto chain = read_chain("127.0.0.1", server.port(), seconds(10));
    EXPECT_EQ(chain.error().code, Errc::unavailable);
}

TEST(ReadChain, SaysSoWhenNobodyListens) {
    const auto chain = read_chain("127.0.0.1", 1, seconds(10));
    EXPECT_EQ(chain.error().code, Errc::unavailable);
    EXPECT_EQ(read_chain("no.such.host.invalid", 1, seconds(10)).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace evenkeel::crypto
