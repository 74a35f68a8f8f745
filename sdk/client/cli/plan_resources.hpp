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
    std::string verb = {};  // behind its path: ":forget"
    std::string body = {};  // JSON; empty: none
};

// The entries as they are described, and as they are dropped by a method and a verb.
std::vector<ResourceEdit> describing(const ResourceFiles& files);
std::vector<ResourceEdit> dropping(const ResourceFiles& files, const std::string& method,
                                   const std::string& verb);

// Makes one plan of all edits on all hosts and shows it; nothing is sent to a host. What is wrong
// with the edit number n is told as that of entry n of `files`, unless that is null.
Exit plan_resources(Session& session, const ChangeOptions& options,
                    const std::vector<ResourceEdit>& edits, const ResourceFiles* files = nullptr);

}  // namespace evenkeel::cli
