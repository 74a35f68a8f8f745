#include "plugins/packages/backend.hpp"

#include <algorithm>
#include <sstream>

#include <unistd.h>

#include "plugins/packages/apt/apt.hpp"
#include "plugins/packages/rpm/rpm.hpp"
#include "plugins/packages/text.hpp"
#include "plugins/posix/read_file.hpp"

namespace evenkeel::packages {

namespace {

using Words = std::vector<std::string>;

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

bool any_is_there(const std::string& root, const Words& paths) {
    return std::any_of(paths.begin(), paths.end(),
                       [&](const std::string& path) { return is_there(root + path); });
}

constexpr std::size_t kReleaseBytesMax = 65536;

// The words of ID and ID_LIKE in os-release(5).
Words release_words(const std::string& root) {
    std::string path = root + "etc/os-release";
    if (!is_there(path)) path = root + "usr/lib/os-release";
    const std::string text = posix::read_file(path, kReleaseBytesMax).value_or("");
    Words words;
    for (const std::string_view line : lines_of(text)) {
        if (!starts(line, "ID=") && !starts(line, "ID_LIKE=")) continue;
        std::string value(line.substr(line.find('=') + 1));
        value.erase(std::remove_if(value.begin(), value.end(),
                                   [](char c) { return c == '"' || c == '\''; }),
                    value.end());
        std::istringstream rest(value);
        for (std::string word; rest >> word;) words.push_back(word);
    }
    return words;
}

bool any_of(const Words& words, const Words& known) {
    return std::find_first_of(words.begin(), words.end(), known.begin(), known.end()) !=
           words.end();
}

const Words kDebians = {"debian", "ubuntu", "devuan", "raspbian"};
const Words kSuses = {"suse", "opensuse", "sles", "sled", "opensuse-leap", "opensuse-tumbleweed"};
const Words kRedHats = {"fedora", "rhel", "centos", "almalinux",   "rocky",
                        "ol",     "amzn", "mageia", "openmandriva"};
const Words kDpkgDatabase = {"var/lib/dpkg/status"};
const Words kRpmDatabase = {"var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite",
                            "var/lib/rpm/Packages.db",  "usr/lib/sysimage/rpm/Packages.db",
                            "var/lib/rpm/Packages",     "usr/lib/sysimage/rpm/Packages"};

[[noreturn]] void refuse(const std::string& why, const std::string& hint) {
    throw sdk::Failure(EK_E_UNAVAILABLE, why).hint(hint);
}

std::string program_of(const std::string& name) {
    return name == "apt" ? "usr/bin/apt-get" : "usr/bin/" + name;
}

// The tool that this kind of rpm system normally uses if it is there, or else another one.
std::string rpm_tool(const std::string& root, bool suse) {
    Words tools = {"dnf", "yum", "zypper"};
    if (suse) std::rotate(tools.begin(), tools.begin() + 2, tools.end());
    for (const std::string& tool : tools)
        if (is_there(root + program_of(tool))) return tool;
    refuse("rpm is in charge of this machine without dnf, yum or zypper", "install one of them");
}

}  // namespace

// A Debian tool may be installed on another system, and the other way round, even with a database
// of its own: what os-release says comes first.
std::string detect_backend(const std::string& root) {
    const Words release = release_words(root);
    const bool suse = any_of(release, kSuses);
    bool rpm = any_is_there(root, kRpmDatabase);
    bool dpkg = any_is_there(root, kDpkgDatabase);
    if (rpm && (suse || any_of(release, kRedHats))) dpkg = false;
    if (dpkg && any_of(release, kDebians)) rpm = false;
    if (dpkg && rpm)
        refuse("this machine has a database of dpkg and one of rpm, and says of itself neither",
               "say which it is: backend in the configuration of packages");
    if (rpm) return rpm_tool(root, suse);
    if (!dpkg)
        refuse("no package manager was found: neither a database of dpkg nor one of rpm",
               "packages knows apt, dnf, yum and zypper");
    if (!is_there(root + "usr/bin/dpkg") || !is_there(root + program_of("apt")))
        refuse("dpkg is in charge of this machine without apt-get", "install apt");
    return "apt";
}

std::unique_ptr<Backend> choose_backend(const std::string& root, const Settings& settings) {
    const std::string name = settings.backend.empty() ? detect_backend(root) : settings.backend;
    if (!is_there(root + program_of(name)))
        refuse("the configuration says " + name + ", which is not on this machine",
               "install it, or leave out backend");
    if (name == "apt")
        return make_apt(root + "var/lib/dpkg", root + "var/lib/apt", settings.replace_config);
    return make_rpm(name == "zypper" ? make_zypper(settings.folder)
                                     : make_dnf(name, settings.folder));
}

bool is_done(const std::optional<Package>& now, const Step& step) {
    if (!step.version) return !now;
    return now && now->version == *step.version && now->fully_installed();
}

}  // namespace evenkeel::packages
