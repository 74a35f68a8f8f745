#pragma once

#include <set>
#include <string>
#include <string_view>

namespace evenkeel::facts {

// What is measured of this machine now: a state as JSON. Asks no file system of the network, which
// could hang. Throws where the system does not answer. [worker]
std::string measure();

// The value of the line "NAME: VALUE kB" of /proc/meminfo in KiB; -1: there is none.
long meminfo_kib(std::string_view meminfo, std::string_view name);

// The avg60 of the line "some" of /proc/pressure/memory, rounded; -1: there is none.
int pressure_percent(std::string_view pressure);

struct Mount {
    std::string source, path, type;
};
// What a line of /proc/self/mounts says, without the octal escapes of spaces and the like.
Mount mount_of(std::string_view line);
// Whether it is here, and not somewhere in the network, and holds what somebody stores.
bool is_local(const Mount& mount);
// The paths of the local mounts in a text like /proc/self/mounts, without what only this process
// sees: hidden folders, and what is mounted in them.
std::set<std::string> disks_of(std::string_view mounts);

}  // namespace evenkeel::facts
