#include "core/base/os_release.hpp"

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel {

std::string read_os_release() {
    // os-release(5): the second where the first is not there.
    auto text = read_file("/etc/os-release", 65536);
    if (!text) text = read_file("/usr/lib/os-release", 65536);
    return text.value_or("");
}

std::string os_release_value(std::string_view text, std::string_view name) {
    for (const std::string& line : split(text, '\n')) {
        if (!line.starts_with(std::string(name) + "=")) continue;
        std::string value = line.substr(name.size() + 1);
        const bool is_quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
        if (is_quoted) value = value.substr(1, value.size() - 2);
        return is_utf8(value) ? value : "";
    }
    return "";
}

}  // namespace evenkeel
