#pragma once

#include <string>
#include <vector>

#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/resource_files.hpp"

namespace evenkeel::cli {

// What shall become of one resource on each host that a command line means.
struct ResourceEdit {
    std::string method;
    std::string collection;
    std::string id;
    std::string verb = {};                        // behind its path: ":forget"
    std::string body = {};                        // JSON; empty: none
    const ResourceFiles::Entry* entry = nullptr;  // where it is from; outlives this
};

// Edits that describe what the files say, and those that drop it, each before those that it
// requires. The failure says which entry is no resource. `files` outlives them.
client::Result<std::vector<ResourceEdit>> describing(const ResourceFiles& files);
client::Result<std::vector<ResourceEdit>> dropping(const ResourceFiles& files,
                                                   const std::string& method,
                                                   const std::string& verb);

// Makes one plan of all edits on all hosts and shows it; nothing is sent to a host. What is wrong
// is told with the place in the files, and with the host if there are several.
Exit plan_resources(Session& session, const ChangeOptions& options,
                    const client::Result<std::vector<ResourceEdit>>& edits);

}  // namespace evenkeel::cli
