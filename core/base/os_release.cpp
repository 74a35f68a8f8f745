#include "core/base/os_release.hpp"

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel {
namespace {

constexpr std::size_t kBytesMost = 65536;

}  // namespace

std::string os_release() {
    if (auto text = read_file("/etc/os-release", kBytesMost)) return *text;
    return read_file("/usr/lib/os-release", kBytesMost).value_or("");
}

std::string os_release_value(std::string_view text, std::string_view name) {
    const std::string start = std::string(name) + "=";
    for (const std::string& line : split(text, '\n')) {
        if (!line.starts_with(start)) continue;
        std::string value = line.substr(start.size());
        if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
            value = value.substr(1, value.size() - 2);
        }
        return is_utf8(value) ? value : "";
    }
    return "";
}

std::vector<std::string> platform_names(std::string_view text) {
    std::vector<std::string> names;
    for (const std::string_view key : {"ID", "ID_LIKE"}) {
        for (std::string& word : split(os_release_value(text, key), ' ')) {
            if (!word.empty()) names.push_back(std::move(word));
        }
    }
    return names;
}

}  // namespace evenkeel
