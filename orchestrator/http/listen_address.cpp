#include "orchestrator/http/listen_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "core/base/text.hpp"

namespace evenkeel::http {

namespace {

Result<bool> is_loopback(const std::string& host) {
    in_addr v4{};
    if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
    return fail(Errc::invalid, "not an IP address: " + printable(host));
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return fail(Errc::invalid, "an address to listen on needs a port: " + printable(text));
    }
    const Result<std::uint64_t> port = parse_number(text.substr(colon + 1));
    if (!port || *port > 65535) {
        return fail(Errc::invalid, "the port cannot be read: " + printable(text));
    }
    std::string host(text.substr(0, colon));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string::npos) {
        return fail(Errc::invalid, "an IPv6 address goes in brackets: " + printable(text));
    }
    if (host.empty()) host = "::";
    if (host == "localhost") host = "127.0.0.1";
    const bool loopback = EK_TRY(is_loopback(host));
    return ListenAddress{host, static_cast<std::uint16_t>(*port), loopback};
}

Result<ListenAddress> parse_listen(std::string_view text, bool has_tls) {
    ListenAddress want = EK_TRY(parse_listen(text));
    if (has_tls || want.loopback) return want;
    return fail(Errc::denied, "plain HTTP is served on loopback only: give " + printable(text) +
                                  " a TLS certificate and key, or listen on 127.0.0.1");
}

std::string join_address(std::string_view host, std::uint16_t port) {
    const bool v6 = host.find(':') != std::string_view::npos;
    return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
}

}  // namespace evenkeel::http
