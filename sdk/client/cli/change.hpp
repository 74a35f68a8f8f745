#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sdk/client/cli/commands.hpp"

namespace evenkeel::cli {

// What became of one change on one host: every host that was asked for has one of these.
struct HostResult {
    std::string host;  // as it was asked for
    std::optional<client::Command> command;
    std::optional<client::Failure> failure;
    bool offline = false;  // the host is not connected, and nobody asked to wait for it
};

// Sends a change to one host.
using Send = std::function<client::Result<client::Command>(
    client::Client& client, const std::string& host, const client::ChangeOptions& options)>;

// Sends to each of the hosts, waits as asked, prints and sums up.
Exit change_hosts(Session& session, const ChangeOptions& options, const Send& send);
// The same with several changes, which each host gets one after the other.
Exit change_hosts(Session& session, const ChangeOptions& options, const std::vector<Send>& sends);

// "web1: command cmd_1 failed: invalid: no user bob". Requires a command.
std::string line_of(const HostResult& result);

// The exit code of all of them together.
Exit exit_of(const std::vector<HostResult>& results, const ChangeOptions& options);

}  // namespace evenkeel::cli
