#include "plugins/packages/backend.hpp"

#include <unistd.h>

#include "plugins/packages/apt/apt.hpp"

namespace evenkeel::packages {

namespace {

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace

std::unique_ptr<Backend> choose_backend(const std::string& root) {
    const bool dpkg = is_there(root + "var/lib/dpkg/status") && is_there(root + "usr/bin/dpkg");
    // A Debian tool on another system, or the other way round, is not in charge: its database is
    // empty or missing.
    if (dpkg && is_there(root + "usr/bin/apt-get")) return make_apt(root + "var/lib/dpkg");
    if (dpkg)
        throw sdk::Failure(EK_E_UNAVAILABLE, "dpkg is in charge of this machine without apt-get")
            .hint("install apt");
    if (is_there(root + "var/lib/rpm") || is_there(root + "usr/lib/sysimage/rpm"))
        throw sdk::Failure(EK_E_UNAVAILABLE,
                           "rpm is in charge of this machine, and packages knows apt only");
    throw sdk::Failure(EK_E_UNAVAILABLE,
                       "no package manager was found: neither dpkg with apt-get nor rpm");
}

}  // namespace evenkeel::packages
