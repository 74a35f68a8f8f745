#include <filesystem>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "tests/unit/orchestrator/http/serving.hpp"

namespace evenkeel::http {

namespace {

template <auto free>
struct Free {
    template <typename T>
    void operator()(T* pointer) const {
        free(pointer);
    }
};
template <typename T, auto free>
using Owned = std::unique_ptr<T, Free<free>>;

// A server over TLS with a certificate of its own, and clients that speak it.
class Tls : public Serving {
  protected:
    Tls() {
        std::string name = (std::filesystem::temp_directory_path() / "ek-http-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
        const Owned<X509, X509_free> certificate(X509_new());
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_pubkey(certificate.get(), key.get());
        X509_sign(certificate.get(), key.get(), EVP_sha256());
        write("cert.pem", [&](FILE* file) { PEM_write_X509(file, certificate.get()); });
        write("key.pem", [&](FILE* file) {
            PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    ~Tls() override { std::filesystem::remove_all(folder_); }

    template <typename F>
    void write(const std::string& name, F body) {
        FILE* file = std::fopen((folder_ / name).c_str(), "w");
        body(file);
        std::fclose(file);
    }
    void start_tls() {
        start({.listen = ":0",  // plain HTTP is not allowed here
               .certificate = folder_ / "cert.pem",
               .key = folder_ / "key.pem"});
    }

    // What a client that speaks at most `version` gets for `bytes`, up to the clean end.
    std::string talk(const std::string& bytes, int version = 0) {
        const Client socket(port());
        const Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
        if (version != 0) SSL_CTX_set_cipher_list(context.get(), "DEFAULT:@SECLEVEL=0");
        SSL_CTX_set_max_proto_version(context.get(), version);
        const Owned<SSL, SSL_free> ssl(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), socket.fd());
        if (SSL_connect(ssl.get()) != 1) return "no handshake";
        std::string got;
        SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
        for (std::array<char, 4096> buffer;;) {
            const int count = SSL_read(ssl.get(), buffer.data(), buffer.size());
            if (count <= 0) {
                const bool clean = SSL_get_error(ssl.get(), count) == SSL_ERROR_ZERO_RETURN;
                return clean ? got : got + "(cut)";
            }
            got.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }

    std::filesystem::path folder_;
};

TEST_F(Tls, ServesAndEndsCleanly) {
    start_tls();
    const std::string got = talk(with_body("PUT", "/echo", "[1]") + get("/hello") +
                                 get("/things/1", "Connection: close\r\n"));
    EXPECT_NE(got.find("\r\n\r\n[1]HTTP/1.1 200"), std::string::npos) << got;
    EXPECT_NE(got.find("Strict-Transport-Security: max-age="), std::string::npos);
    EXPECT_EQ(got.substr(got.size() - 10), R"({"id":"1"})");
}

TEST_F(Tls, SpeaksNothingOlderThan12) {
    start_tls();
    EXPECT_EQ(talk(get("/hello"), TLS1_1_VERSION), "no handshake");
    EXPECT_NE(talk(get("/hello", "Connection: close\r\n"), TLS1_2_VERSION), "no handshake");
}

TEST_F(Tls, StreamsAndEndsCleanly) {
    start_tls();
    std::thread closer([this] {
        EXPECT_TRUE(becomes_true([this] { return !streams_.empty(); }));
        on_loop([this] {
            streams_[0]->send("s-1", "e", "data");
            streams_[0]->close();
        });
    });
    const std::string got = talk(get("/events"));
    closer.join();
    const std::string last = "id: s-1\nevent: e\ndata: data\n\n";
    EXPECT_EQ(got.substr(got.size() - last.size()), last);
}

TEST_F(Tls, PlainTextOnItGetsNothingAndDoesNoHarm) {
    start_tls();
    Client client(port());
    client.send(get("/hello"));
    EXPECT_TRUE(client.ends());
    EXPECT_NE(talk(get("/hello", "Connection: close\r\n")).find("200 OK"), std::string::npos);
}

}  // namespace

}  // namespace evenkeel::http
