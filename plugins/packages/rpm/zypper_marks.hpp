#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::packages {

// zypper's list of the packages that are there only because others need them, which it offers to
// remove when nothing does (`zypper packages --unneeded`, `zypper remove --clean-deps`). It has a
// name in each line, which stands for all architectures.
//
// zypper has no command that takes a name out of it: to install a package that is there in that
// version does nothing, and to force it reinstalls it, if a source still has it. So the list is
// written here, as libzypp does: in another file that takes its place, while no libzypp works.
struct ZypperMarks {
    std::string list = "/var/lib/zypp/AutoInstalled";
    std::string lock = "/run/zypp.pid";

    // Nothing if there is no list: libzypp makes one in its first transaction. [any thread]
    std::optional<bool> is_automatic(std::string_view name) const;

    // Takes these names out of it. Throws EK_E_BUSY while a libzypp works, os_failure if it cannot
    // be written. Must not be used by two threads at once.
    void erase(const std::vector<std::string>& names) const;
};

// The list without these names; all else stays. Pure.
std::string without_names(std::string_view list, const std::vector<std::string>& names);

}  // namespace evenkeel::packages
