#include "plugins/programs/guards.hpp"

#include <cerrno>
#include <vector>

#include <sys/stat.h>

#include "plugins/posix/failure.hpp"
#include "plugins/programs/runner.hpp"

namespace evenkeel::programs {

namespace {

// A guard only looks; one that does not come back is no answer.
constexpr int kGuardMs = 60'000;

bool is_there(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) throw posix::os_failure(errno, "look at " + path);
    return false;
}

bool succeeds(const sdk::Call& call, const Program& program, const std::vector<std::string>& words,
              const std::string& name) {
    posix::RunOptions options;
    options.limit_ms = kGuardMs;
    options.output_max = 0;
    const auto result = posix::run(call, command_for(program, words, {}), options);
    if (result.exit_code < 0)
        throw sdk::Failure(EK_E_TIMEOUT, name + " has not ended after a minute").at("/" + name);
    return result.exit_code == 0;
}

}  // namespace

std::optional<std::string> why_due(const sdk::Call& call, const Program& program, bool done) {
    if (!program.has_guards()) {
        if (done) return std::nullopt;
        return "it has not done its work yet";
    }
    std::string why;
    const auto because = [&](const std::string& reason) {
        (why += why.empty() ? "" : ", ") += reason;
    };
    if (!program.creates.empty()) {
        if (is_there(program.creates)) return std::nullopt;
        because("there is no " + program.creates);
    }
    if (!program.unless.empty()) {
        if (succeeds(call, program, program.unless, "unless")) return std::nullopt;
        because("unless fails: " + program.unless.front());
    }
    if (!program.only_if.empty()) {
        if (!succeeds(call, program, program.only_if, "only_if")) return std::nullopt;
        because("only_if succeeds: " + program.only_if.front());
    }
    return why;
}

}  // namespace evenkeel::programs
