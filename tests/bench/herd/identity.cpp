#include "identity.hpp"

#include <arpa/inet.h>

#include "core/base/file.hpp"
#include "core/json/json.hpp"

namespace evenkeel::herd {
namespace {

constexpr std::uint32_t kFirstAddress = 0x7f400001;  // 127.64.0.1
constexpr std::size_t kFileBytesMost = std::size_t{1} << 30;

}  // namespace

Result<std::vector<Identity>> read_identities(const std::string& file) {
    const std::string text = EK_TRY(read_file(file, kFileBytesMost));
    std::vector<Identity> found;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const json::Value line = EK_TRY(json::parse(std::string_view(text).substr(at, end - at)));
        found.push_back({.name = line.string_or("name"),
                         .host = line.string_or("host"),
                         .key = line.string_or("key"),
                         .certificate = line.string_or("certificate")});
        at = end + 1;
    }
    return found;
}

Result<void> write_identities(const std::string& file, const std::vector<Identity>& identities) {
    std::string text;
    for (const Identity& one : identities) {
        text += json::write(json::Object{{"name", one.name},
                                         {"host", one.host},
                                         {"key", one.key},
                                         {"certificate", one.certificate}}) +
                "\n";
    }
    return write_file(file, text, 0600);
}

sockaddr_in address_of_agent(std::size_t number) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(kFirstAddress + static_cast<std::uint32_t>(number));
    return address;
}

Result<sockaddr_in> address_of(const std::string& ipv4, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, ipv4.c_str(), &address.sin_addr) != 1)
        return fail(Errc::invalid, ipv4 + " is no IPv4 address");
    return address;
}

}  // namespace evenkeel::herd
