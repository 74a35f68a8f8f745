#include "core/plugin/remote/control_group.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/text.hpp"
#include "core/plugin/process_bounds.hpp"
#include "core/plugin/remote/systemd_scope.hpp"
#include "core/run/lane.hpp"

namespace evenkeel::plugin {
namespace {

// Where cgroup 2 is, alone or beside cgroup 1.
constexpr std::array kTrees = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
constexpr std::array<std::pair<const char*, const char*>, 3> kControllers = {
    {{"pids", "how many processes it starts"},
     {"memory", "the memory of its processes together"},
     {"cpu", "its share of the processors"}}};

// Anything else has a meaning in the name of a unit, or none is allowed to have it.
// Never the name of an earlier one, which may still be on its way to its end.
std::string scope_of(std::string plugin, pid_t pid) {
    static std::atomic<unsigned> count{0};
    std::replace_if(
        plugin.begin(), plugin.end(),
        [](unsigned char letter) { return std::isalnum(letter) == 0 && letter != '_'; }, '_');
    return "evenkeel-plugin-" + plugin.substr(0, 100) + "-" + std::to_string(pid) + "-" +
           std::to_string(++count) + ".scope";
}

// The group's folder in cgroup 2, where that has it; and the controllers of cgroup 1 that count it.
struct Place {
    std::string folder;
    std::vector<std::string> controllers;
};

Place place_of(pid_t pid, const std::string& scope) {
    Place place;
    std::ifstream lines("/proc/" + std::to_string(pid) + "/cgroup");
    // "4:memory:/system.slice/some.scope", and "0::/system.slice/some.scope"
    for (std::string line; std::getline(lines, line);) {
        const auto parts = split(line, ':');
        if (parts.size() != 3 || !parts[2].ends_with("/" + scope)) continue;
        for (const std::string& controller : split(parts[1], ','))
            if (!controller.empty()) place.controllers.push_back(controller);
        if (!parts[1].empty()) continue;
        for (const char* tree : kTrees)
            if (::access((tree + parts[2] + "/cgroup.procs").c_str(), F_OK) == 0)
                place.folder = tree + parts[2];
    }
    return place;
}

bool counts(const Place& place, const std::string& controller) {
    const auto& old = place.controllers;
    if (std::find(old.begin(), old.end(), controller) != old.end()) return true;
    const std::string most = place.folder + "/" + controller + ".max";
    return !place.folder.empty() && ::access(most.c_str(), F_OK) == 0;
}

}  // namespace

std::string no_bounds(const Error& why) {
    return "nothing bounds its processes, their memory and processors together: " + why.what;
}

std::string memory_excess() {
    return "more memory than the " + std::to_string(kMemoryMost >> 20) +
           " MiB that it and its programs may have together";
}

Result<std::unique_ptr<ControlGroup>> ControlGroup::make(const std::string& plugin, pid_t pid,
                                                         const std::string& service,
                                                         const Until& until) {
    if (::geteuid() != 0) return fail(Errc::unavailable, "the agent is not root");
    if (service.empty()) return fail(Errc::unavailable, "the agent is no service of systemd");
    const std::string scope = scope_of(plugin, pid);
    // Before it is asked for: systemd may be late, and whoever is in it then is ended with this.
    std::unique_ptr<ControlGroup> group(new ControlGroup(scope));
    const auto started =
        start_scope(scope, "Evenkeel plugin " + printable(plugin), pid, service,
                    {kTasksMost, kMemoryMost, kProcessorsMostUs, kProcessorsWeight}, until);
    group->is_made_ = started.has_value();
    if (started) group->look_at(pid);
    else group->notes_.push_back(no_bounds(started.error()));
    return group;
}

// systemd leaves out what this kernel cannot do.
void ControlGroup::look_at(pid_t pid) {
    const Place place = place_of(pid, scope_);
    for (const auto& [controller, what] : kControllers)
        if (!counts(place, controller))
            notes_.push_back(std::string("nothing bounds ") + what +
                             ": its control group has no controller " + controller);
    if (!place.folder.empty())
        events_ = Fd(::open((place.folder + "/memory.events").c_str(), O_RDONLY | O_CLOEXEC));
}

ControlGroup::~ControlGroup() {
    // Never destroyed: a process that ends leaves it to systemd.
    static auto* const lane = new run::Lane({.name = "plugin-groups"});
    static_cast<void>(lane->submit([scope = scope_] { stop_scope(scope); }));
}

std::uint64_t ControlGroup::ends_for_memory() const {
    std::array<char, 512> text{};
    const ssize_t length = events_ ? ::pread(events_.get(), text.data(), text.size(), 0) : -1;
    if (length <= 0) return 0;
    constexpr std::string_view kName = "oom_kill ";
    for (const std::string& line :
         split(std::string_view(text.data(), static_cast<std::size_t>(length)), '\n'))
        if (line.starts_with(kName)) return parse_number(line.substr(kName.size())).value_or(0);
    return 0;
}

}  // namespace evenkeel::plugin
