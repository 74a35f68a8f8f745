#include "sdk/tool/validate/process_state.hpp"

#include <array>
#include <clocale>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace evenkeel::validate {
namespace {

namespace fs = std::filesystem;

std::string environment() {
    std::set<std::string> sorted;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) sorted.insert(*each);
    std::string text;
    for (const std::string& each : sorted) text += each + "\n";
    return text;
}

std::string handlers() {
    std::ostringstream text;
    for (int number = 1; number < 65; ++number) {
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) != 0) continue;
        text << number << ':' << reinterpret_cast<const void*>(action.sa_handler) << ' ';
    }
    return text.str();
}

std::string signal_mask() {
    sigset_t set;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &set);
    std::string text;
    for (int number = 1; number < 65; ++number)
        if (::sigismember(&set, number) == 1) text += std::to_string(number) + " ";
    return text;
}

std::string limits() {
    std::string text;
    for (int which = 0; which < RLIM_NLIMITS; ++which) {
        rlimit limit{};
        ::getrlimit(static_cast<__rlimit_resource>(which), &limit);
        text += std::to_string(limit.rlim_cur) + "/" + std::to_string(limit.rlim_max) + " ";
    }
    return text;
}

std::string standard_descriptors() {
    std::string text;
    for (int fd = 0; fd < 3; ++fd) {
        struct stat info {};
        const bool open = ::fstat(fd, &info) == 0;
        text += open ? std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + " " : "- ";
    }
    return text;
}

std::string octal(mode_t mode) {
    std::ostringstream text;
    text << std::oct << mode;
    return text.str();
}

std::string folder() {
    std::array<char, 4096> path{};
    return ::getcwd(path.data(), path.size()) != nullptr ? path.data() : "?";
}

}  // namespace

ProcessState process_state() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    uid_t user[3];
    gid_t group[3];
    ::getresuid(&user[0], &user[1], &user[2]);
    ::getresgid(&group[0], &group[1], &group[2]);
    std::string ids;
    for (int i = 0; i < 3; ++i)
        ids += std::to_string(user[i]) + ":" + std::to_string(group[i]) + " ";
    return {{"the working directory", folder()},
            {"the umask", octal(mask)},
            {"the environment", environment()},
            {"the locale", std::setlocale(LC_ALL, nullptr)},
            {"the signal handlers", handlers()},
            {"the signal mask", signal_mask()},
            {"the resource limits", limits()},
            {"the user and group ids", ids},
            {"the descriptors 0 to 2", standard_descriptors()}};
}

std::string difference(const ProcessState& before, const ProcessState& after) {
    for (const auto& [name, value] : before)
        if (after.at(name) != value)
            return name + (value.size() + after.at(name).size() > 300
                               ? ""
                               : ": " + value + " before, " + after.at(name) + " after");
    return {};
}

std::map<int, std::string> open_descriptors() {
    std::map<int, std::string> open;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd", error)) {
        const std::string target = fs::read_symlink(entry.path(), error);
        const bool is_listing = target.find("/fd") != target.npos && target.starts_with("/proc/");
        if (!is_listing) open[std::stoi(entry.path().filename())] = target;
    }
    return open;
}

std::set<pid_t> threads() {
    std::set<pid_t> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc/self/task", error))
        found.insert(std::stoi(entry.path().filename()));
    return found;
}

std::set<pid_t> children(pid_t but) {
    std::set<pid_t> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc/self/task", error)) {
        std::ifstream list(entry.path() / "children");
        for (pid_t child = 0; list >> child;)
            if (child != but) found.insert(child);
    }
    return found;
}

std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t heap_bytes() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

}  // namespace evenkeel::validate
