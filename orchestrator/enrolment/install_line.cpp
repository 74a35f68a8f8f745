#include "orchestrator/enrolment/install_line.hpp"

namespace evenkeel::enrolment {

std::string address_of_host_header(std::string_view header) {
    std::string_view host = header;
    std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return "";
        const std::string_view inside = host.substr(1, end - 1);
        letters = "0123456789abcdefABCDEF:.";
        const bool fits =
            !inside.empty() && inside.find_first_not_of(letters) == std::string_view::npos;
        return fits ? std::string(host.substr(0, end + 1)) : "";
    }
    host = host.substr(0, host.find(':'));
    const bool fits = !host.empty() && host.front() != '-' && host.size() <= 253 &&
                      host.find_first_not_of(letters) == std::string_view::npos;
    return fits ? std::string(host) : "";
}

std::string address_for_new_hosts(std::string_view listen_host, std::string_view host_header,
                                  std::string_view machine_name) {
    if (!listen_host.empty() && listen_host != "0.0.0.0" && listen_host != "::") {
        const bool is_v6 = listen_host.find(':') != std::string_view::npos;
        return is_v6 ? "[" + std::string(listen_host) + "]" : std::string(listen_host);
    }
    const std::string reached = address_of_host_header(host_header);
    const bool loopback =
        reached == "localhost" || reached == "[::1]" || reached.starts_with("127.");
    if (!reached.empty() && !loopback) return reached;
    const std::string own = address_of_host_header(machine_name);
    return own.empty() ? "localhost" : own;
}

std::string install_line(std::string_view secret, std::string_view address, std::uint16_t port,
                         std::string_view authority_sha256) {
    std::string line = "printf %s '";
    line.append(secret).append("' | evenkeel-agent enrol --orchestrator ").append(address);
    line.append(":").append(std::to_string(port)).append(" --ca-sha256 ");
    return line.append(authority_sha256).append(" --token-file -");
}

}  // namespace evenkeel::enrolment
