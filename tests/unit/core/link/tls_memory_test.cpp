#include <cstdlib>
#include <memory>

#include <dlfcn.h>
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

// A plugin is loaded into the agent with whatever libraries it was linked with.
TEST(TlsMemory, AnotherOpenSslIsLeftAlone) {
    const char* path = std::getenv("EK_OTHER_OPENSSL_PLUGIN");
    ASSERT_NE(path, nullptr);
    void* plugin = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(plugin, nullptr) << ::dlerror();
    auto* const connection_of =
        reinterpret_cast<void* (*)(void*)>(::dlsym(plugin, "connection_of"));
    int context = 0;
    EXPECT_EQ(connection_of(&context), &context) << "its own SSL_new answers";
    ::dlclose(plugin);
}

}  // namespace
}  // namespace evenkeel::link
