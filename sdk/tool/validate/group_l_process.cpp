#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/process_state.hpp"
#include "sdk/tool/validate/tools.hpp"
#include "sdk/tool/validate/write_trace.hpp"

namespace evenkeel::validate {
namespace group_l {

// What a tour has left in its process: by the part, what has changed, or how many there are. Only
// the first check of a run has to take it.
json::Value left_by_a_tour(Bench& bench) {
    static constexpr const char* kLeft = "left-by-a-tour";
    if (json::Value before = bench.kept(kLeft); before.is_object()) return before;
    const ProcessState before = process_state();
    tour(bench);
    const ProcessState after = process_state();
    json::Object left;
    for (const auto& part : before) left.set(part.first, difference({part}, after));
    left.set("threads", static_cast<std::int64_t>(threads().size() - 1));
    left.set("children", static_cast<std::int64_t>(children(bench.stranger().pid()).size()));
    bench.keep(kLeft, left);
    return left;
}

void demand_unchanged(Bench& bench, const char* part) {
    const std::string changed = left_by_a_tour(bench).string_or(part);
    demand(changed.empty(), "it changes " + changed);
}
template <const char* const& part>
void leaves(Bench& bench) {
    demand_unchanged(bench, part);
}
constexpr const char* kFolder = "the working directory";
constexpr const char* kUmask = "the umask";
constexpr const char* kEnvironment = "the environment";
constexpr const char* kLocale = "the locale";
constexpr const char* kHandlers = "the signal handlers";
constexpr const char* kLimits = "the resource limits";
constexpr const char* kIds = "the user and group ids";

void leaves_signals(Bench& bench) {
    demand_unchanged(bench, kHandlers);
    demand_unchanged(bench, "the signal mask");
}

// 0 to 2 lead into memory while the tour lasts.
void is_silent(Bench& bench) {
    const Fd said(::memfd_create("said", MFD_CLOEXEC));
    const Fd out(::fcntl(1, F_DUPFD_CLOEXEC, 100)), err(::fcntl(2, F_DUPFD_CLOEXEC, 100));
    ::dup2(said.get(), 1);
    ::dup2(said.get(), 2);
    const std::string name = "the descriptors 0 to 2";
    const ProcessState before = process_state();
    std::string why;
    try {
        tour(bench);
    } catch (const Broken& found) {
        why = found.what;
    }
    std::fflush(nullptr);
    const ProcessState after = process_state();
    struct stat info {};
    ::fstat(said.get(), &info);
    ::dup2(out.get(), 1);
    ::dup2(err.get(), 2);
    std::string text(static_cast<std::size_t>(std::min<off_t>(info.st_size, 1000)), '\0');
    [[maybe_unused]] const auto got = ::pread(said.get(), text.data(), text.size(), 0);
    demand(info.st_size == 0, "it writes to standard output or standard error", text);
    demand(before.at(name) == after.at(name), "it closes or replaces a descriptor from 0 to 2");
    demand(why.empty(), why);
}

void stays_alive(Bench& bench) {
    const ChildResult result = plain_tour(bench);
    demand(result.returned, "it ends the process: " + result.text);
    if (result.text.starts_with("skipped: ")) skip(result.text.substr(9));
}

void joins_threads(Bench& bench) {
    const auto left = left_by_a_tour(bench).integer_or("threads");
    demand(left == 0, std::to_string(left) + " threads are left after close");
}

void reaps_children(Bench& bench) {
    const auto left = left_by_a_tour(bench).integer_or("children");
    demand(left == 0, std::to_string(left) +
                          " child processes are left after close, running or not waited for");
}

bool is_within(const std::string& path, const std::string& folder) {
    return folder == "/" || path == folder || path.starts_with(folder + "/");
}

void keeps_to_its_paths(Bench& bench) {
    std::vector<std::string> allowed = {bench.scratch(), "/dev", "/proc/self", "/proc/thread-self"};
    const json::Value manifest = bench.manifest();
    if (const json::Value& paths = manifest["permissions"]["paths"]; paths.is_array())
        for (const json::Value& path : paths.as_array())
            if (path.is_string()) allowed.push_back(path.as_string());
    bench.samples();
    bool spawns = manifest["permissions"].bool_or("spawn");
    if (spawns) skip("it may start programs, and what those write is not the plugin's");
    std::string ended;
    const auto written = trace_writes([&] { tour(bench); }, &ended);
    if (ended == "exit 4") skip("the collection cannot be tried here");
    demand(ended.empty(), "under seccomp it ends with " + ended);
    for (const Written& each : written) {
        bool fits = false;
        for (const std::string& folder : allowed) fits = fits || is_within(each.path, folder);
        demand(fits,
               "it writes outside of the paths in its manifest: " + each.call + " of " + each.path);
    }
}

// Where a child of fork() says that it has not become another program.
Fd g_forked;
void in_forked_child() {
    // Runs in the child; a program that is executed has this descriptor no more.
    ::atexit([] {
        const char byte = 'x';
        [[maybe_unused]] const auto written = ::write(g_forked.get(), &byte, 1);
    });
}

void forks_only_to_exec(Bench& bench) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) skip("no descriptors are left");
    const Fd read_end(ends[0]);
    g_forked = Fd(ends[1]);
    ::pthread_atfork(nullptr, nullptr, in_forked_child);
    tour(bench);
    char own[4096] = {}, theirs[4096] = {};
    if (::readlink("/proc/self/exe", own, sizeof(own) - 1) < 0) skip("there is no /proc");
    for (const pid_t child : children(bench.stranger().pid())) {
        const std::string path = "/proc/" + std::to_string(child) + "/exe";
        if (::readlink(path.c_str(), theirs, sizeof(theirs) - 1) < 0) continue;
        demand(std::string(own) != theirs, "it forks, and the child is no other program");
    }
    char byte = 0;
    demand(::read(read_end.get(), &byte, 1) <= 0,
           "it forks, and the child ends by exit() without having been another program");
}

}  // namespace group_l

std::vector<Check> process_checks() {
    using namespace group_l;
    constexpr auto kEach = Scope::collection;
    return {
        {"L01", "it leaves the working directory alone", kEach, leaves<kFolder>},
        {"L02", "it leaves the umask alone", kEach, leaves<kUmask>},
        {"L03", "it leaves the environment alone", kEach, leaves<kEnvironment>},
        {"L04", "it leaves the locale alone", kEach, leaves<kLocale>},
        {"L05", "it leaves signal handlers and masks alone", kEach, leaves_signals},
        {"L06", "it leaves descriptors 0 to 2 alone and writes nothing there", kEach, is_silent},
        {"L07", "it never ends the process", kEach, stays_alive},
        {"L08", "its threads have ended after close", kEach, joins_threads},
        {"L09", "it waits for its children", kEach, reaps_children},
        {"L10", "it writes only where its manifest says", kEach, keeps_to_its_paths},
        {"L11", "it leaves resource limits alone", kEach, leaves<kLimits>},
        {"L12", "it leaves user and group ids alone", kEach, leaves<kIds>},
        {"L13", "it forks only to execute another program", kEach, forks_only_to_exec},
    };
}

}  // namespace evenkeel::validate
