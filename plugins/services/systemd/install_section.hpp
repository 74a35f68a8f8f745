#pragma once

#include <set>
#include <string>
#include <vector>

#include "plugins/services/systemd/unit_files.hpp"

// What enabling and disabling do to links, as `systemctl enable` and `disable` do it: systemd
// itself only tells after it has done it.
namespace evenkeel::services {

inline constexpr const char* kUnitLinks = "/etc/systemd/system";

// The [Install] section of a unit file and its drop-ins, with specifiers expanded.
struct InstallSection {
    static InstallSection of(const std::string& unit, const UnitPath& folders);
    // Whether enabling links the unit itself, and not only those of Also=.
    bool links_itself() const { return !links.empty(); }

    std::set<std::string> links;  // below the folder of links: "multi-user.target.wants/a.service"
    std::set<std::string> also;   // other units that are enabled and disabled with it
};

// The unit and all that Also= brings with it, and with those, as far as they exist.
std::set<std::string> with_also(const std::string& unit, const UnitPath& folders);

// The links below `root` that belong to these units, by their names or by where they lead: what
// enabling has made, and disabling removes. Sorted paths; masks are none.
std::set<std::string> links_of(std::set<std::string> units, const std::string& root = kUnitLinks);

// The links of the same units after `unit` was enabled.
std::set<std::string> links_after_enable(const std::string& unit, const UnitPath& folders,
                                         const std::string& root = kUnitLinks);

}  // namespace evenkeel::services
