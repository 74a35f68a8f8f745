#include "plugins/accounts/tool.hpp"

#include <cerrno>

#include <unistd.h>

#include "plugins/accounts/locks.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/process.hpp"

namespace evenkeel::accounts {

namespace {

constexpr int kBusyRetryMs = 200;
constexpr std::size_t kWordsMax = 300;
constexpr off_t kOutputMax = 4096;
// A tool that is stopped half-way can leave passwd and shadow contradicting each other.
constexpr int kCancelGraceMs = 1000;

std::string path_of(const std::string& tool) {
    for (const char* folder : {"/usr/sbin/", "/usr/bin/"})
        if (::access((folder + tool).c_str(), X_OK) == 0) return folder + tool;
    return "/usr/sbin/" + tool;
}

posix::ProcessResult run_tool(const ToolCall& tool, const sdk::Call& call) {
    posix::Command process{{path_of(tool.name)}};
    process.argv.insert(process.argv.end(), tool.arguments.begin(), tool.arguments.end());
    process.input = tool.input;
    return posix::run(call, process, {kCancelGraceMs, kOutputMax});
}

// The first line of the output, which names the error; usage follows.
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
        case 8:  // in use: processes run as the user, or the group is a user's primary one
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

sdk::Failure tool_failure(const ToolCall& tool, int code, const std::string& output) {
    std::string words = first_line(output);
    if (words.empty()) words = tool.name + " says nothing";
    sdk::Failure failure(status_of(code), words + " (exit code " + std::to_string(code) + ")");
    if (tool.fields.size() == 1) failure.at(tool.fields.front());
    return failure;
}

void run_tools(const std::vector<ToolCall>& tools, const sdk::Call& call, sdk::Changes& changes) {
    const WaitBudget budget(call);
    for (const ToolCall& tool : tools) {
        while (true) {
            budget.wait_for_locks();
            const auto [exit_code, output] = run_tool(tool, call);
            if (exit_code == 0) break;
            if (!lacks_lock(output)) throw tool_failure(tool, exit_code, output);
            // The tools say the same when /etc is read-only.
            if (::access("/etc", W_OK) != 0) throw posix::os_failure(errno, "write to /etc");
            // Another process took the lock first. The tools wait too, but only for 15 seconds.
            budget.wait(first_line(output), kBusyRetryMs);
        }
        for (const std::string& field : tool.fields) changes.done(field);
    }
}

}  // namespace evenkeel::accounts
