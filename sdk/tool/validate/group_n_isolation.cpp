#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <unistd.h>

#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/elf_file.hpp"
#include "sdk/tool/validate/isolated.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_n {

std::string tour_in_process(Bench& bench) {
    const ChildResult plain = plain_tour(bench);
    if (plain.text.starts_with("skipped: ")) skip(plain.text.substr(9));
    demand(plain.returned && !plain.text.starts_with("broken: "), "in process it fails",
           plain.text);
    return plain.text;
}

void answers_the_same(Bench& bench) {
    const std::string inside = tour_in_process(bench);
    const Isolated isolated(bench);
    const std::string outside = tour(bench);
    demand(inside == outside, "in a process of its own it answers otherwise",
           inside + "\n" + outside);
}

void starts_in_the_sandbox(Bench& bench) {
    const Isolated isolated(bench);
    const auto instance = bench.open();
    instance->state(bench.samples().absent_id());
}

void permissions_suffice(Bench& bench) {
    tour_in_process(bench);
    const Isolated isolated(bench);
    try {
        tour(bench);
    } catch (Broken& found) {
        throw Broken{"with what its manifest declares it does not do its work: " + found.what,
                     found.record};
    }
}

// Whether the file itself, or a library that is not the language's own, may use this.
bool may_use(const ElfFile& file, const std::set<std::string>& functions) {
    for (const std::string& library : file.needed)
        if (!library.starts_with("libc.") && !library.starts_with("libm.") &&
            !library.starts_with("libstdc++.") && !library.starts_with("libgcc_s."))
            return true;
    for (const ElfSymbol& symbol : file.symbols)
        if (!symbol.defined && functions.count(symbol.name) != 0) return true;
    return false;
}

void permissions_are_needed(Bench& bench) {
    static const std::set<std::string> kNetwork = {"socket", "getaddrinfo", "connect", "bind"};
    static const std::set<std::string> kSpawn = {"fork",        "vfork",  "clone",
                                                 "posix_spawn", "popen",  "posix_spawnp",
                                                 "system",      "execve", "execv"};
    static const std::set<std::string> kWrites = {"open",  "open64", "openat", "fopen", "fopen64",
                                                  "creat", "rename", "unlink", "mkdir", "openat64"};
    const json::Value permissions = bench.manifest()["permissions"];
    const auto file = read_elf(bench.file());
    if (!file) skip(file.error().what);
    // What it starts has no more permissions than it has itself.
    const bool starts = permissions.bool_or("spawn") && may_use(*file, kSpawn);
    demand(!permissions.bool_or("network") || starts || may_use(*file, kNetwork),
           "it declares that it uses the network, and does not");
    demand(!permissions.bool_or("spawn") || may_use(*file, kSpawn),
           "it declares that it starts programs, and does not");
    const json::Value& paths = permissions["paths"];
    demand(!paths.is_array() || paths.as_array().empty() || may_use(*file, kWrites) ||
               file->needs("libstdc++"),
           "it declares paths, and opens no file");
}

// All of its threads stand still when this returns.
void stop(pid_t pid) {
    ::kill(pid, SIGSTOP);
    const std::string own = "/proc/" + std::to_string(pid) + "/stat";
    for (int i = 0; i < 200; ++i) {
        std::ifstream file(own);
        std::string line;
        std::getline(file, line);
        if (line.find(") T ") != line.npos) return;
        ::usleep(10'000);
    }
    skip("its process cannot be stopped");
}

// A call while its process is stopped, which is ended after 200 ms.
void survives_a_kill(Bench& bench) {
    bench.need(EK_CAP_APPLY | EK_CAP_REMOVE, "apply and remove");
    const Isolated isolated(bench);
    const auto instance = bench.open();
    const std::string id = bench.samples().id(0);
    instance->clear(id);
    const pid_t pid = isolated.pid();
    stop(pid);
    std::thread killer([pid] {
        ::usleep(200'000);
        ::kill(pid, SIGKILL);
    });
    const Told told = instance->apply(id, bench.samples().first());
    killer.join();
    demand(!told->ok() && told->error() != nullptr,
           "its process was killed in an apply, and nobody is told", told->transcript());
    Told again = instance->apply(id, bench.samples().first());
    for (int i = 0; i < 10 && !again->ok(); ++i) {
        ::usleep(200'000);
        again = instance->apply(id, bench.samples().first());
    }
    demand(again->ok(), "after it was killed it does not work again", again->transcript());
    instance->must_remove(id);
}

void hang_is_ended(Bench& bench) {
    const Isolated isolated(bench);
    const auto instance = bench.open();
    const std::string absent = bench.samples().absent_id();
    instance->state(absent);
    stop(isolated.pid());
    const Told told = instance->read(absent, {.seconds = 0, .milliseconds = 300});
    demand(!told->ok() && told->status != EK_E_NOT_FOUND && told->error() != nullptr,
           "it hangs, and nobody is told", told->transcript());
    demand(told->took_ns < 5'000'000'000, "a call of a process that hangs does not end");
    // The next call may still meet the end of the old process.
    Told again = instance->read(absent);
    for (int i = 0; i < 10 && again->status != EK_E_NOT_FOUND; ++i) {
        ::usleep(200'000);
        again = instance->read(absent);
    }
    demand(again->status == EK_E_NOT_FOUND, "after a hang it does not work again",
           again->transcript());
}

// A process and its children.
std::vector<pid_t> with_children(pid_t pid) {
    std::vector<pid_t> all = {pid};
    const std::string own = "/proc/" + std::to_string(pid);
    std::error_code error;
    for (const auto& thread : std::filesystem::directory_iterator(own + "/task", error)) {
        std::ifstream list(thread.path() / "children");
        for (pid_t child = 0; list >> child;) all.push_back(child);
    }
    return all;
}

// A host that is killed while the plugin is open: says whose processes there were.
std::string run_a_host(Bench& bench) {
    const Isolated isolated(bench);
    const auto instance = bench.open();
    instance->state(bench.samples().absent_id());
    std::string pids;
    for (const pid_t pid : with_children(isolated.pid())) pids += std::to_string(pid) + " ";
    const std::string path = bench.scratch() + "/.pids";
    std::ofstream(path) << pids;
    ::kill(::getpid(), SIGKILL);
    return {};
}

void ends_with_the_host(Bench& bench) {
    const ChildResult host = in_child([&] { return run_a_host(bench); });
    if (host.text.starts_with("skipped: ")) skip(host.text.substr(9));
    demand(!host.returned, "in a process of its own it does not work", host.text);
    std::ifstream list(bench.scratch() + "/.pids");
    for (pid_t pid = 0; list >> pid;) {
        const std::string path = "/proc/" + std::to_string(pid) + "/exe";
        char target[64];
        bool there = true;
        // A process that has ended has no program any more.
        for (int i = 0; i < 100 && there; ++i) {
            there = ::readlink(path.c_str(), target, sizeof(target)) >= 0;
            if (there) ::usleep(10'000);
        }
        if (!there) continue;
        ::kill(pid, SIGKILL);
        broken("a process of it is still there 1 s after the host has ended");
    }
}

void printing_is_harmless(Bench& bench) {
    const Isolated isolated(bench);
    tour(bench);
    const auto instance = bench.open();
    const Told told = instance->read(bench.samples().absent_id());
    demand(told->status == EK_E_NOT_FOUND,
           "what it prints or writes into descriptors disturbs its calls", told->transcript());
}

}  // namespace group_n

std::vector<Check> isolation_checks() {
    using namespace group_n;
    constexpr auto kEach = Scope::collection;
    return {
        {"N01", "it answers the same in a process of its own", kEach, answers_the_same},
        {"N02", "it opens and reads in the default sandbox", kEach, starts_in_the_sandbox},
        {"N03", "the declared permissions suffice", kEach, permissions_suffice},
        {"N04", "each declared permission is needed", kEach, permissions_are_needed},
        {"N05", "killed in the middle of an apply, it works again", kEach, survives_a_kill},
        {"N06", "a call that hangs is ended, and it works again", kEach, hang_is_ended},
        {"N07", "its process ends within 1 s of the host", kEach, ends_with_the_host},
        {"N08", "what it prints does no harm", kEach, printing_is_harmless},
    };
}

}  // namespace evenkeel::validate
