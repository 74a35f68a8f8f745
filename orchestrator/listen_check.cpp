#include "orchestrator/listen_check.hpp"

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <netdb.h>
#include <sys/socket.h>

#include "core/base/fd.hpp"
#include "orchestrator/config.hpp"
#include "orchestrator/http/listen_address.hpp"
#include "orchestrator/http/server.hpp"

namespace evenkeel {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Result<Fd> listen_at(const addrinfo& address, const std::string& doing) {
    Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fail(system_error(errno, doing));
    const int on = 1;
    const int off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ai_family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(fd.get(), 1) != 0) {
        return fail(system_error(errno, doing));
    }
    return fd;
}

// IPv6 with IPv4, or IPv4 on a machine that has no other.
std::string every_address() {
    return Fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) ? "::" : "0.0.0.0";
}

Result<Fd> listen_for_a_moment(const char* key, const ListenAddress& address) {
    const std::string host = address.host.empty() ? every_address() : address.host;
    const std::string doing =
        std::string(key) + ": listen on port " + std::to_string(address.port) + " of " + host;
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(address.port);
    if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
        return fail(Errc::invalid, doing + ": " + ::gai_strerror(code));
    }
    const std::unique_ptr<addrinfo, FreeAddresses> list(found);
    return listen_at(*list, doing);
}

}  // namespace

Result<void> check_listening(const Config& config) {
    const auto rest = http::check_listening(
        {.listen = config.rest, .certificate = config.certificate, .key = config.key});
    if (!rest) return fail("rest.listen", rest.error());
    std::vector<Fd> listening;  // at the same time, so that no two are the same
    const std::string host = rest->host == "::" ? "" : rest->host;
    listening.push_back(EK_TRY(listen_for_a_moment("rest.listen", {host, rest->port})));
    listening.push_back(EK_TRY(listen_for_a_moment("bus.listen", config.bus)));
    listening.push_back(EK_TRY(listen_for_a_moment("enrolment.listen", config.enrolment)));
    return {};
}

}  // namespace evenkeel
