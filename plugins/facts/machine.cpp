#include "plugins/facts/machine.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/cpp/write.hpp>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "plugins/posix/read_file.hpp"

namespace evenkeel::facts {

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kMountsMost = 256;
// The source of a mount that hides a folder from a plugin's process: docs/plugin-abi.md.
constexpr std::string_view kHidden = "evenkeel-hidden";
constexpr long kDaySeconds = 86400;

std::string text_of(const std::string& path) {
    auto text = posix::read_file(path, kFileBytesMax);
    if (!text) throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + path);
    return *text;
}

long percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 100 : static_cast<long>(part * 100 / whole);
}

template <typename OnLine>
void each_line(std::string_view text, OnLine&& on_line) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        on_line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// Nothing of one that is gone meanwhile, or has no size.
std::string disk_json(const std::string& path) {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0 || info.f_blocks == 0) return {};
    const std::uint64_t usable = info.f_blocks - info.f_bfree + info.f_bavail;
    return sdk::Object()
        .number("size_mib", static_cast<std::int64_t>(info.f_blocks * info.f_frsize >> 20))
        .number("free_percent", percent(info.f_bavail, usable))
        .number("inodes_free_percent", percent(info.f_favail, info.f_files))
        .json();
}

std::string disks_json() {
    sdk::Object disks;
    for (const std::string& path : disks_of(text_of("/proc/self/mounts"))) {
        const std::string disk = disk_json(path);
        if (!disk.empty()) disks.raw(path, disk);
    }
    return disks.json();
}

void add_memory(sdk::Object& state) {
    const std::string meminfo = text_of("/proc/meminfo");
    const auto kib = [&](std::string_view name) {
        return static_cast<std::uint64_t>(std::max(0L, meminfo_kib(meminfo, name)));
    };
    const std::uint64_t swap = kib("SwapTotal");
    state.number("memory_mib", static_cast<std::int64_t>(kib("MemTotal") >> 10))
        .number("memory_available_percent", percent(kib("MemAvailable"), kib("MemTotal")))
        .number("swap_mib", static_cast<std::int64_t>(swap >> 10))
        .number("swap_used_percent", swap == 0 ? 0 : percent(swap - kib("SwapFree"), swap));
    // Not there without CONFIG_PSI; and a kernel with psi=0 refuses to have it read.
    try {
        const auto pressure = posix::read_file("/proc/pressure/memory", kFileBytesMax);
        const int waited = pressure ? pressure_percent(*pressure) : -1;
        if (waited >= 0) state.number("memory_pressure_percent", waited);
    } catch (const sdk::Failure&) {
    }
}

void add_load(sdk::Object& state) {
    double load[2] = {};
    if (::getloadavg(load, 2) != 2)
        throw sdk::Failure(EK_E_UNAVAILABLE, "there is no load average");
    const long cpus = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
    const long tenths = std::lround(load[1] * 10 / static_cast<double>(cpus));
    state.number("cpus", cpus)
        .raw("load_per_cpu", std::to_string(tenths / 10) + "." + std::to_string(tenths % 10));
}

// Containers may not even ask: nothing is known of the clock there.
void add_clock(sdk::Object& state) {
    timex clock{};
    const int answer = ::adjtimex(&clock);
    if (answer < 0) return;
    state.boolean("clock_synchronised", answer != TIME_ERROR && (clock.status & STA_UNSYNC) == 0);
}

}  // namespace

long meminfo_kib(std::string_view meminfo, std::string_view name) {
    long value = -1;
    each_line(meminfo, [&](std::string_view line) {
        if (line.size() <= name.size() || line.substr(0, name.size()) != name ||
            line[name.size()] != ':')
            return;
        const std::size_t digits = line.find_first_of("0123456789", name.size());
        if (digits != line.npos)
            std::from_chars(line.data() + digits, line.data() + line.size(), value);
    });
    return value;
}

int pressure_percent(std::string_view pressure) {
    int percent = -1;
    each_line(pressure, [&](std::string_view line) {
        constexpr std::string_view kName = "avg60=";
        const std::size_t at = line.find(kName);
        if (line.rfind("some ", 0) != 0 || at == line.npos) return;
        percent = static_cast<int>(
            std::lround(std::strtod(std::string(line.substr(at + kName.size())).c_str(), nullptr)));
    });
    return percent;
}

Mount mount_of(std::string_view line) {
    const auto word = [&line] {
        const std::size_t end = std::min(line.find(' '), line.size());
        const std::string_view found = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
        return found;
    };
    Mount mount;
    mount.source = word();
    const std::string_view escaped = word();
    for (std::size_t at = 0; at < escaped.size(); ++at) {
        unsigned code = 0;
        const bool is_escape = escaped[at] == '\\' && at + 3 < escaped.size();
        if (is_escape &&
            std::from_chars(&escaped[at + 1], &escaped[at + 1] + 3, code, 8).ec == std::errc()) {
            mount.path += static_cast<char>(code);
            at += 3;
        } else {
            mount.path += escaped[at];
        }
    }
    mount.type = word();
    return mount;
}

bool is_local(const Mount& mount) {
    static const std::set<std::string_view> kLocal = {
        "bcachefs", "btrfs", "exfat",    "ext2",  "ext3", "ext4", "f2fs",
        "jfs",      "ntfs3", "reiserfs", "tmpfs", "vfat", "xfs",  "zfs"};
    // What is under / answers, or nothing does: an overlay, in a container.
    return (mount.path == "/" || kLocal.count(mount.type) != 0) && sdk::is_utf8(mount.path);
}

std::set<std::string> disks_of(std::string_view mounts) {
    std::set<std::string> paths;
    std::vector<std::string> hidden;
    each_line(mounts, [&](std::string_view line) {
        const Mount mount = mount_of(line);
        if (mount.source == kHidden) hidden.push_back(mount.path + "/");
        if (is_local(mount) && paths.size() < kMountsMost) paths.insert(mount.path);
    });
    // What is hidden was mounted first.
    for (auto path = paths.begin(); path != paths.end();) {
        const bool is_hidden = std::any_of(hidden.begin(), hidden.end(),
                                           [inside = *path + "/"](const std::string& folder) {
                                               return inside.compare(0, folder.size(), folder) == 0;
                                           });
        path = is_hidden ? paths.erase(path) : std::next(path);
    }
    return paths;
}

std::string measure() {
    sdk::Object state;
    state.boolean("reboot_required", ::access("/run/reboot-required", F_OK) == 0)
        .raw("disks", disks_json());
    add_clock(state);
    add_memory(state);
    add_load(state);
    const std::string uptime = text_of("/proc/uptime");
    return state.number("uptime_days", std::strtol(uptime.c_str(), nullptr, 10) / kDaySeconds)
        .json();
}

}  // namespace evenkeel::facts
