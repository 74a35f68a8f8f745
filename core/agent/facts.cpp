#include "core/agent/facts.hpp"

#include <sys/utsname.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel::agent {
namespace {

std::string first_line(const std::string& path) {
    const auto text = read_file(path, 4096);
    return text ? split(*text, '\n').front() : "";
}

// The value of NAME=value or NAME="value" in /etc/os-release.
std::string os_release(const std::string& text, const std::string& name) {
    for (const std::string& line : split(text, '\n')) {
        if (!line.starts_with(name + "=")) continue;
        std::string value = line.substr(name.size() + 1);
        if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
            value = value.substr(1, value.size() - 2);
        }
        return is_utf8(value) ? value : "";
    }
    return "";
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
    const std::string release = read_file("/etc/os-release", 65536).value_or("");
    return json::Object{{"os", json::Object{{"id", os_release(release, "ID")},
                                            {"version_id", os_release(release, "VERSION_ID")},
                                            {"name", os_release(release, "PRETTY_NAME")}}},
                        {"kernel", json::Object{{"release", printable(names.release)}}},
                        {"architecture", printable(names.machine)}};
}

}  // namespace evenkeel::agent
