#include "core/agent/uplink/facts.hpp"

#include <memory>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/os_release.hpp"
#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

std::string first_line(const std::string& path) {
    const auto text = read_file(path, 4096);
    return text ? split(*text, '\n').front() : "";
}

constexpr std::size_t kAddressesMost = 64;

// As text; empty for loopback and link-local addresses.
std::string reachable(const sockaddr& address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address.sa_family == AF_INET) {
        const in_addr& four = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
        const bool is_link_local = (ntohl(four.s_addr) >> 16) == 0xA9FE;
        if (!is_link_local) inet_ntop(AF_INET, &four, text, sizeof text);
    } else if (address.sa_family == AF_INET6) {
        const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
        if (!IN6_IS_ADDR_LINKLOCAL(&six)) inet_ntop(AF_INET6, &six, text, sizeof text);
    }
    return text;
}

json::Array addresses() {
    json::Array found;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return found;
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned(list, freeifaddrs);
    for (const ifaddrs* at = list; at && found.size() < kAddressesMost; at = at->ifa_next) {
        const bool is_up = (at->ifa_flags & IFF_UP) && !(at->ifa_flags & IFF_LOOPBACK);
        if (!is_up || !at->ifa_addr) continue;
        const std::string text = reachable(*at->ifa_addr);
        if (!text.empty()) found.push_back(text);
    }
    return found;
}

}  // namespace

std::string host_name() {
    utsname names = {};
    uname(&names);
    return printable(names.nodename);
}

std::string machine_id() {
    return printable(first_line("/etc/machine-id"));
}
std::string boot_id() {
    return printable(first_line("/proc/sys/kernel/random/boot_id"));
}

json::Value facts() {
    utsname names = {};
    uname(&names);
    const std::string release = read_os_release();
    return json::Object{{"os", json::Object{{"id", os_release_value(release, "ID")},
                                            {"version_id", os_release_value(release, "VERSION_ID")},
                                            {"name", os_release_value(release, "PRETTY_NAME")}}},
                        {"kernel", json::Object{{"release", printable(names.release)}}},
                        {"architecture", printable(names.machine)},
                        {"hostname", printable(names.nodename)},
                        {"cpus", sysconf(_SC_NPROCESSORS_ONLN)},
                        {"memory_bytes", sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)},
                        {"addresses", addresses()}};
}

json::Value fact_of(const RebootRequired& required) {
    return json::Object{{"since", required.since}, {"resources", wire::encode(required.resources)}};
}

}  // namespace evenkeel::agent
