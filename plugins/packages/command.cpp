#include "plugins/packages/command.hpp"

#include <cstdlib>
#include <utility>

namespace evenkeel::packages {

posix::Command manager_command(std::vector<std::string> argv,
                               const std::vector<std::string>& variables) {
    std::vector<std::string> all = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "LC_ALL=C",
        "DEBIAN_FRONTEND=noninteractive",
        "APT_LISTCHANGES_FRONTEND=none",
        "NEEDRESTART_SUSPEND=1"};
    for (const char* name : {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "TMPDIR"})
        if (const char* value = std::getenv(name)) all.push_back(std::string(name) + "=" + value);
    all.insert(all.end(), variables.begin(), variables.end());
    return {std::move(argv), std::move(all)};
}

}  // namespace evenkeel::packages
