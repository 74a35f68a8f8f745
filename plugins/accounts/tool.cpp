#include "plugins/accounts/tool.hpp"

#include <cerrno>

#include <unistd.h>

#include "plugins/accounts/locks.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/process.hpp"

namespace evenkeel::accounts {

namespace {

constexpr int kRetryMs = 200;
constexpr std::size_t kWordsMax = 300;
constexpr off_t kOutputMax = 4096;
// A tool that is stopped half-way can leave passwd and shadow contradicting each other.
constexpr int kCancelGraceMs = 1000;

std::string path_of(const std::string& tool) {
    for (const char* folder : {"/usr/sbin/", "/usr/bin/"})
        if (::access((folder + tool).c_str(), X_OK) == 0) return folder + tool;
    return "/usr/sbin/" + tool;
}

posix::ProcessResult run_tool(const Command& command, const sdk::Call& call) {
    posix::Command process{{path_of(command.tool)}};
    process.argv.insert(process.argv.end(), command.arguments.begin(), command.arguments.end());
    process.input = command.input;
    return posix::run(call, process, {kCancelGraceMs, kOutputMax});
}

// The first line that it wrote, which is the complaint; further ones tell how to use it.
std::string first_line(const std::string& output) {
    std::string line = output.substr(0, output.find('\n'));
    if (line.size() > kWordsMax) line.resize(kWordsMax);
    for (char& letter : line)
        if (static_cast<unsigned char>(letter) < 0x20) letter = ' ';
    return line;
}

bool lacks_lock(const std::string& output) {
    return output.find("cannot lock ") != output.npos ||
           output.find("try again later") != output.npos;
}

// The exit codes of useradd(8), usermod(8), userdel(8), groupadd(8), groupmod(8), groupdel(8);
// gpasswd, chage and chpasswd have few of their own.
ek_status status_of(int code) {
    switch (code) {
        case 2:
        case 3:
            return EK_E_INVALID;
        case 4:  // the number is taken
        case 6:  // no such user or group, though it was there a moment ago
        case 8:  // in use: processes run as the user, or the group is somebody's primary one
        case 9:  // the name is taken
            return EK_E_CONFLICT;
        case 1:
        case 10:
        case 12:
            return EK_E_UNAVAILABLE;
        default:
            return EK_E_INTERNAL;
    }
}

}  // namespace

sdk::Failure tool_failure(const Command& command, int code, const std::string& output) {
    std::string words = first_line(output);
    if (words.empty()) words = command.tool + " says nothing";
    sdk::Failure failure(status_of(code), words + " (exit code " + std::to_string(code) + ")");
    if (command.fields.size() == 1) failure.at(command.fields.front());
    return failure;
}

void carry_out(const std::vector<Command>& commands, const sdk::Call& call, sdk::Changes& changes) {
    const Patience patience(call);
    for (const Command& command : commands) {
        while (true) {
            patience.wait_for_locks();
            const auto [exit_code, output] = run_tool(command, call);
            if (exit_code == 0) break;
            if (!lacks_lock(output)) throw tool_failure(command, exit_code, output);
            // Which is also what they say where nobody can write at all.
            if (::access("/etc", W_OK) != 0) throw posix::os_failure(errno, "write to /etc");
            // Somebody was quicker; the tools wait too, but for 15 seconds and no longer.
            patience.wait(first_line(output), kRetryMs);
        }
        for (const std::string& field : command.fields) changes.done(field);
    }
}

}  // namespace evenkeel::accounts
