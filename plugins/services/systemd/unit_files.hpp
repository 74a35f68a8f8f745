#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Unit files as they are on disk now, by systemd's own rules: what it has loaded may be older, and
// it does not always notice. Every path that cannot be read counts as not there. A call costs some
// stats for each folder of the search path.
namespace evenkeel::services {

// Folders with unit files, the first outweighing the others (the manager's UnitPath).
using UnitPath = std::vector<std::string>;

// The file from which a unit would be loaded, followed through symlinks; of an instance its own or
// its template's. Empty: there is none.
std::string fragment_on_disk(const std::string& unit, const UnitPath& folders);

// The same without masks: what would be loaded if nothing masked the unit.
std::string fragment_behind_mask(const std::string& unit, const UnitPath& folders);

// Whether the unit's file lies in a folder that outweighs /etc/systemd/system, such as that of
// transient units: no mask there hides it.
bool outweighs_masks(const std::string& unit, const UnitPath& folders);

// The *.conf files that would be added to a unit of these names (its own and its aliases): of its
// own folder NAME.d, its template's, those of its prefixes (a-b.service: a-.service.d) and
// service.d; of files with one name only that of the first folder. Sorted.
std::vector<std::string> drop_ins_on_disk(const std::vector<std::string>& names,
                                          const UnitPath& folders);

// What systemd has loaded of a unit.
struct LoadedFiles {
    std::vector<std::string> names;
    std::string fragment;
    std::vector<std::string> drop_ins;
    std::uint64_t loaded_us = 0;  // when systemd last read its units: CLOCK_REALTIME
};
// Whether files on disk are other ones, or were changed since (by their ctime, which no copy of an
// old file can keep back).
bool differs_on_disk(const LoadedFiles& loaded, const UnitPath& folders);

}  // namespace evenkeel::services
