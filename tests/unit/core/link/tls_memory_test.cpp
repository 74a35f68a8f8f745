#include <memory>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "core/link/proton_overrides.hpp"

// What a TLS connection holds while nothing is under way.
namespace evenkeel::link {
namespace {

struct FreeTls {
    void operator()(SSL_CTX* one) const { SSL_CTX_free(one); }
    void operator()(SSL* one) const { SSL_free(one); }
};

struct Pipe {
    Pipe() { made = BIO_new_bio_pair(&inner, 0, &outer, 0) == 1; }
    ~Pipe() {
        BIO_free(inner);
        BIO_free(outer);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    std::size_t bytes() const {
        return BIO_get_write_buf_size(inner, 0) + BIO_get_write_buf_size(outer, 0);
    }
    BIO* inner = nullptr;
    BIO* outer = nullptr;
    bool made = false;
};

TEST(TlsMemory, BuffersForRecordsGoBack) {
    ASSERT_TRUE(proton_overrides::active());
    const std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_server_method()));
    const std::unique_ptr<SSL, FreeTls> connection(SSL_new(context.get()));
    EXPECT_NE(SSL_get_mode(connection.get()) & SSL_MODE_RELEASE_BUFFERS, 0);
}

TEST(TlsMemory, AListenersConnectionsHaveSmallPipesAndMakeNoTickets) {
    const std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_server_method()));
    {
        proton_overrides::AcceptGate gate;
        gate.guard({});
        Pipe small;
        ASSERT_TRUE(small.made);
        EXPECT_EQ(small.bytes(), 12U * 1024);
        const std::unique_ptr<SSL, FreeTls> connection(SSL_new(context.get()));
        EXPECT_EQ(SSL_get_num_tickets(connection.get()), 0U);
    }
    Pipe usual;
    ASSERT_TRUE(usual.made);
    EXPECT_GT(usual.bytes(), 2U * 16 * 1024);
    const std::unique_ptr<SSL, FreeTls> connection(SSL_new(context.get()));
    EXPECT_GT(SSL_get_num_tickets(connection.get()), 0U);
}

}  // namespace
}  // namespace evenkeel::link
