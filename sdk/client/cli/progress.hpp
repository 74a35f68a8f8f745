#pragma once

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sdk/client/cpp/client.hpp"

namespace evenkeel::cli {

// Tells on standard error what agents say of the long work they do (the lines of a package
// manager), from its making until it is destroyed. What cannot be followed is left out silently:
// the command's own answer tells how it ended.
class Progress {
  public:
    // `hosts` are names. Follows with a connection and a thread of its own.
    Progress(client::Config config, std::vector<std::string> hosts);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

  private:
    void follow(client::Config config, const std::vector<std::string>& hosts);

    client::Cancel cancel_;
    std::thread thread_;
};

}  // namespace evenkeel::cli
