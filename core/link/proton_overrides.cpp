#include "core/link/proton_overrides.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <dlfcn.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/listener.h>
#include <proton/proactor.h>
#include <proton/session.h>
#include <proton/ssl.h>
#include <sys/socket.h>

#include "core/base/log.hpp"

#define EK_IN_FRONT __attribute__((visibility("default")))
// A function of OpenSSL gets the symbol version that OpenSSL 3 gives it (openssl.map): who was
// linked with another OpenSSL, such as a plugin that brings its own, asks for another version and
// so never comes here.
#define EK_IN_FRONT_OF_OPENSSL(name)                                 \
    __asm__(".symver evenkeel_" #name ", " #name "@@OPENSSL_3.0.0"); \
    EK_IN_FRONT

namespace evenkeel::link::proton_overrides {
namespace {

thread_local AcceptObserver* expected = nullptr;
thread_local AcceptGate* guarding = nullptr;
thread_local bool makes_domain = false;

// What OpenSSL passes to Proton, and Proton to OpenSSL, through memory: OpenSSL's own 17 KiB each
// way were most of what a connection took. Of what goes out, a whole TLS record fits (Proton writes
// at most 4 KiB at once), and our part of a handshake, because Proton 0.37 stalls if it does not.
constexpr std::size_t kIncomingPipeBytes = 4 * 1024;
constexpr std::size_t kOutgoingPipeBytes = 8 * 1024;

// Proton's own function of that name.
template <typename Function>
Function* behind(const char* name) {
    void* found = dlsym(RTLD_NEXT, name);
    if (found == nullptr) {
        log::error("Proton lacks a function that we override", {{"name", name}});
        std::abort();
    }
    return reinterpret_cast<Function*>(found);
}

int real_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
    static auto* const real = behind<int(int, int, int, epoll_event*)>("epoll_ctl");
    return real(epoll, operation, fd, event);
}

// Removes a delivery that the binding must not see from its link: settles it with `outcome` and
// gives the peer new credit.
void discard(pn_link_t* link, pn_delivery_t* delivery, std::uint64_t outcome) {
    if (outcome != 0) pn_delivery_update(delivery, outcome);
    pn_link_advance(link);
    pn_delivery_settle(delivery);
    pn_link_flow(link, 1);
}

bool too_large(pn_link_t* link, pn_delivery_t* delivery) {
    const std::uint64_t most = pn_link_max_message_size(link);
    return most != 0 && pn_delivery_pending(delivery) > most;
}

void cut_for_size(pn_link_t* link, pn_delivery_t* delivery) {
    pn_connection_t* connection = pn_session_connection(pn_link_session(link));
    pn_condition_t* condition = pn_connection_condition(connection);
    if (!pn_condition_is_set(condition)) {
        pn_condition_format(condition, "amqp:link:message-size-exceeded",
                            "a message is larger than the %llu bytes allowed",
                            static_cast<unsigned long long>(pn_link_max_message_size(link)));
    }
    discard(link, delivery, PN_REJECTED);
    pn_connection_close(connection);
    pn_connection_wake(connection);  // so that its owner notices
}

}  // namespace

bool active() {
    return dlsym(RTLD_DEFAULT, "pn_delivery_partial") ==
               reinterpret_cast<void*>(&pn_delivery_partial) &&
           dlsym(RTLD_DEFAULT, "epoll_ctl") == reinterpret_cast<void*>(&epoll_ctl);
}

void expect(AcceptObserver* observer) {
    expected = observer;
}

void AcceptGate::guard(std::vector<int> sockets) {
    sockets_ = std::move(sockets);
    guarding = this;
}

void AcceptGate::unguard() {
    set_shut(false);
    sockets_.clear();
    if (guarding == this) guarding = nullptr;
}

void AcceptGate::set_shut(bool shut) {
    shut_ = shut;
    if (shut) return;
    for (Request& request : std::exchange(held_, {})) {
        if (real_epoll_ctl(request.epoll, EPOLL_CTL_MOD, request.socket, &request.wanted) != 0) {
            log::error("a port of the bus accepts no more connections");
        }
    }
}

bool AcceptGate::holds(int epoll, int socket, const epoll_event& wanted) {
    if (!shut_ || std::find(sockets_.begin(), sockets_.end(), socket) == sockets_.end()) {
        return false;
    }
    held_.push_back({epoll, socket, wanted});
    return true;
}

}  // namespace evenkeel::link::proton_overrides

namespace proton_overrides = evenkeel::link::proton_overrides;

extern "C" {

// The binding calls this first for every delivery, and ignores a partial one. Aborted and empty
// deliveries are reported as partial, because reading them would throw out of its event loop.
EK_IN_FRONT bool pn_delivery_partial(pn_delivery_t* delivery) {
    static auto* const real = proton_overrides::behind<bool(pn_delivery_t*)>("pn_delivery_partial");
    const bool partial = real(delivery);
    pn_link_t* link = pn_delivery_link(delivery);
    if (!pn_link_is_receiver(link) || pn_link_current(link) != delivery) return partial;
    if (pn_delivery_aborted(delivery)) {
        proton_overrides::discard(link, delivery, 0);
        return true;
    }
    if (proton_overrides::too_large(link, delivery)) {
        proton_overrides::cut_for_size(link, delivery);
        return true;
    }
    if (!partial && pn_delivery_pending(delivery) == 0) {
        proton_overrides::discard(link, delivery, PN_REJECTED);
        return true;
    }
    return partial;
}

// The only call in which a connection can be reached before it is open.
EK_IN_FRONT void pn_listener_accept2(pn_listener_t* listener, pn_connection_t* connection,
                                     pn_transport_t* transport) {
    static auto* const real =
        proton_overrides::behind<void(pn_listener_t*, pn_connection_t*, pn_transport_t*)>(
            "pn_listener_accept2");
    proton_overrides::AcceptObserver* const observer =
        std::exchange(proton_overrides::expected, nullptr);
    if (observer != nullptr) observer->on_accepting(connection);
    real(listener, connection, transport);
    if (observer != nullptr) observer->on_accepted();
}

// Proton asks with it to be told of further connections, once it has accepted some.
EK_IN_FRONT int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    proton_overrides::AcceptGate* const gate = proton_overrides::guarding;
    if (gate != nullptr && operation == EPOLL_CTL_MOD && gate->holds(epoll, fd, *event)) return 0;
    return proton_overrides::real_epoll_ctl(epoll, operation, fd, event);
}

// Proton layers TLS over a pair of pipes, and leaves their size to OpenSSL. The first one is the
// end that OpenSSL writes to.
EK_IN_FRONT_OF_OPENSSL(BIO_new_bio_pair)
int evenkeel_BIO_new_bio_pair(BIO** inner, std::size_t inner_bytes, BIO** outer,
                              std::size_t outer_bytes) {
    static auto* const real =
        proton_overrides::behind<int(BIO**, std::size_t, BIO**, std::size_t)>("BIO_new_bio_pair");
    if (proton_overrides::guarding != nullptr) {
        inner_bytes = proton_overrides::kOutgoingPipeBytes;
        outer_bytes = proton_overrides::kIncomingPipeBytes;
    }
    return real(inner, inner_bytes, outer, outer_bytes);
}

// Whatever of the program speaks TLS: the buffers for a record each way (17 KiB) go back while
// nothing is under way. Agents resume no session, so what a listener would make and send for that
// is left out.
EK_IN_FRONT_OF_OPENSSL(SSL_new) SSL* evenkeel_SSL_new(SSL_CTX* context) {
    static auto* const real = proton_overrides::behind<SSL*(SSL_CTX*)>("SSL_new");
    SSL* made = real(context);
    if (made == nullptr) return nullptr;
    SSL_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
    if (proton_overrides::guarding != nullptr) SSL_set_num_tickets(made, 0);
    return made;
}

// Proton trusts all that the machine trusts, besides our own CA: who else is vouched for there has
// no business on the bus, and a megabyte of certificates is kept for it.
EK_IN_FRONT_OF_OPENSSL(SSL_CTX_set_default_verify_paths)
int evenkeel_SSL_CTX_set_default_verify_paths(SSL_CTX* context) {
    static auto* const real =
        proton_overrides::behind<int(SSL_CTX*)>("SSL_CTX_set_default_verify_paths");
    return proton_overrides::makes_domain ? 1 : real(context);
}

// Without this a server that asks for no client certificate offers TLS 1.0 and anonymous ciphers.
EK_IN_FRONT pn_ssl_domain_t* pn_ssl_domain(pn_ssl_mode_t mode) {
    static auto* const real =
        proton_overrides::behind<pn_ssl_domain_t*(pn_ssl_mode_t)>("pn_ssl_domain");
    proton_overrides::makes_domain = true;
    pn_ssl_domain_t* domain = real(mode);
    proton_overrides::makes_domain = false;
    if (domain == nullptr) return nullptr;
    if (pn_ssl_domain_set_protocols(domain, "TLSv1.2 TLSv1.3") != 0 ||
        pn_ssl_domain_set_ciphers(domain, "HIGH:!aNULL:!eNULL:!kRSA:!PSK:!SRP") != 0) {
        pn_ssl_domain_free(domain);
        return nullptr;
    }
    return domain;
}
}
