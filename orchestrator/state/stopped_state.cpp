#include "orchestrator/state/stopped_state.hpp"

#include <cerrno>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"

namespace evenkeel::state {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAdvice =
    ": an orchestrator, or another restore, works there; stop it first "
    "(systemctl stop evenkeel-orchestrator)";

}  // namespace

Error with_advice(Error error) {
    if (error.code == Errc::busy) error.what += kAdvice;
    return error;
}

Result<Fd> lock_stopped(const std::string& state_dir) {
    auto lock = lock_file(state_dir + "/lock");
    if (!lock) return fail(with_advice(lock.error()));
    return lock;
}

// When root does it, the daemon runs as another user.
Result<void> give_to_owner(const std::string& state_dir) {
    if (::geteuid() != 0) return {};
    struct stat info {};
    if (::stat(state_dir.c_str(), &info) != 0) {
        return fail(system_error(errno, "read " + state_dir));
    }
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(state_dir, error)) {
        if (::lchown(entry.path().c_str(), info.st_uid, info.st_gid) != 0) {
            return fail(system_error(errno, "set owner of " + entry.path().string()));
        }
    }
    if (error) return fail(system_error(error.value(), "read " + state_dir));
    return {};
}

}  // namespace evenkeel::state
