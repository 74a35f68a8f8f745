#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/manifests/known_objects.hpp"

namespace evenkeel::cli {

// A folder of manifests as it will be written.
struct WrittenFolder {
    // Content by path in the folder, which never leads out of it, whatever the names are.
    std::map<std::string, std::string> files;
    // "environment:prod password: SECRET_PASSWORD": secrets, which are not in it.
    std::vector<std::string> absent;
    // Assignments of a version that is not the newest, which alone is in it.
    std::vector<std::string> older;
};

// Declares all of them, so that a plan of the folder is empty: environments, settings by scope,
// an application and its assignments. Long content and content of several lines lies in files/.
// Hosts are named. Fails when a manifest cannot hold something.
client::Result<WrittenFolder> write_manifests(const KnownObjects& known, HostNames& hosts);

}  // namespace evenkeel::cli
