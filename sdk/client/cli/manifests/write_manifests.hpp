#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/manifests/known_objects.hpp"

namespace evenkeel::cli {

// A folder of manifests as it will be written.
struct WrittenFolder {
    std::map<std::string, std::string> files;  // content by path in the folder
    // "environment:prod password: SECRET_PASSWORD": secrets, which are not in it.
    std::vector<std::string> absent;
    // Assignments of a version that is not the newest, which alone is in it.
    std::vector<std::string> older;
};

// Declares all of them, so that a plan of the folder is empty: environments, settings by scope,
// an application and its assignments. Long content and content of several lines lies in files/.
// Hosts are named.
client::Result<WrittenFolder> write_manifests(const KnownObjects& known, HostNames& hosts);

}  // namespace evenkeel::cli
