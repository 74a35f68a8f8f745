#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/packages/backend.hpp"

namespace evenkeel::packages {

// What the sources of packages offer for one name.
struct Offer {
    std::string version;
    int priority = 500;  // apt's; from 1000 on it is chosen over a newer one that is installed
};

// Changes when anything does below `root` that apt chooses by: its lists, sources of either kind,
// preferences and configuration, and the foreign architectures. Also by a file written in place.
std::string offers_stamp(const std::string& root);

// The offers in what `apt-cache policy` prints, by name. Pure.
std::map<std::string, Offer> parse_policy(std::string_view text);

// What apt chooses where `installed` (none: absent) is there already. Pure.
std::optional<std::string> choose(const std::optional<Offer>& offer,
                                  const std::optional<std::string>& installed);

// apt's choice among its sources, queried once for each name until lists or preferences change. The
// lists are read as they are. [worker]
class Candidates {
  public:
    // In the order of `ids`, regardless of what is installed.
    std::vector<std::optional<Offer>> offers(const sdk::Call& call,
                                             const std::vector<std::string>& ids);
    // Whether the lists are missing or older than a week.
    static bool stale();

  private:
    std::string seen_;  // the stamp of lists and preferences
    std::map<std::string, std::optional<Offer>> offers_;
};

}  // namespace evenkeel::packages
