#include "plugins/programs/runner.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::programs {

namespace {

constexpr int kStepMs = 100;
constexpr off_t kPieceBytes = off_t{256} * 1024;
constexpr off_t kBehindBytes = off_t{64} * 1024 * 1024;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

struct User {
    uid_t uid;
    gid_t gid;
    std::string home;
};

User user_of(const std::string& name) {
    std::vector<char> buffer(16 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (!found && (error == 0 || error == ENOENT || error == ESRCH))
        throw sdk::Failure(EK_E_INVALID, "there is no user " + name).at("/user");
    if (!found) throw posix::os_failure(error, "look up the user " + name);
    return {entry.pw_uid, entry.pw_gid, entry.pw_dir};
}

void require_program(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 && errno == ENOENT)
        throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + path)
            .hint("install the package that has it");
    if (!S_ISREG(info.st_mode) || ::access(path.c_str(), X_OK) != 0)
        throw sdk::Failure(EK_E_UNAVAILABLE, path + " is no program that can be run");
}

void require_folder(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) throw posix::os_failure(errno, "work in " + path);
    if (!S_ISDIR(info.st_mode))
        throw sdk::Failure(EK_E_CONFLICT, path + " is no directory").at("/folder");
}

// The later one of two with a name counts.
std::vector<std::string> merged(const std::vector<std::string>& standard,
                                const std::vector<std::string>& given) {
    std::vector<std::string> all;
    for (const std::string& variable : standard) {
        const std::string prefix = variable.substr(0, variable.find('=') + 1);
        const bool is_given = std::any_of(given.begin(), given.end(), [&](const auto& other) {
            return other.rfind(prefix, 0) == 0;
        });
        if (!is_given) all.push_back(variable);
    }
    all.insert(all.end(), given.begin(), given.end());
    return all;
}

void hand_on(const sdk::Call& call, posix::Process& process) {
    std::string piece;
    while (!(piece = process.take_output(kPieceBytes)).empty()) call.output(EK_STREAM_OUT, piece);
    while (!(piece = process.take_errors(kPieceBytes)).empty()) call.output(EK_STREAM_ERR, piece);
}

void wait_for_end(const sdk::Call& call, posix::Process& process, int timeout_s) {
    const std::uint64_t end_ns =
        timeout_s == 0 ? UINT64_MAX
                       : sdk::now_ns() + static_cast<unsigned>(timeout_s) * kNsPerSecond;
    while (!process.wait(kStepMs, call.cancel_fd())) {
        if (process.pending_bytes() > kBehindBytes)
            throw sdk::Failure(EK_E_CONFLICT,
                               "it prints faster than that can be read, and was ended");
        hand_on(call, process);
        call.check();
        if (sdk::now_ns() >= end_ns)
            throw sdk::Failure(EK_E_TIMEOUT, "it still ran after " + std::to_string(timeout_s) +
                                                 " s and was ended")
                .at("/timeout_s");
    }
}

}  // namespace

posix::Command command_for(const Program& program, const std::vector<std::string>& words,
                           const std::vector<std::string>& variables) {
    const User user = user_of(program.user);
    require_program(words.front());
    require_folder(program.folder);
    posix::Command command;
    command.folder = program.folder;
    command.keeps_errors_apart = true;
    command.environment.push_back("HOME=" + user.home);
    command.environment.push_back("USER=" + program.user);
    command.environment.push_back("LOGNAME=" + program.user);
    command.environment = merged(command.environment, variables);
    // posix_spawn cannot change the user, and a fork of a process with threads must not.
    if (user.uid != ::geteuid())
        command.argv = {
            "/usr/bin/setpriv",       "--reuid",       std::to_string(user.uid), "--regid",
            std::to_string(user.gid), "--init-groups", "--inh-caps=-all",        "--"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    return command;
}

int run(const sdk::Call& call, const posix::Command& command, int timeout_s) {
    call.check();
    posix::Process process(command);
    try {
        wait_for_end(call, process, timeout_s);
    } catch (...) {
        process.end();
        hand_on(call, process);
        throw;
    }
    hand_on(call, process);
    return process.exit_code();
}

}  // namespace evenkeel::programs
