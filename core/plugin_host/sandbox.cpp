#include "core/plugin_host/sandbox.hpp"

#include <cerrno>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace evenkeel::plugin_host {
namespace {

// A plugin that needs more has a leak; the machine is not to pay for it.
constexpr rlim_t kMemoryMost = 512u << 20;

}  // namespace

Result<Fd> enter_sandbox(const plugin::Service& service, int data_dir) {
    const rlimit memory{kMemoryMost, kMemoryMost};
    if (::setrlimit(RLIMIT_DATA, &memory) != 0)
        return fail(system_error(errno, "cannot limit its memory"));
    EK_CHECK(limit_privileges(service));
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(system_error(errno, "cannot forbid new privileges"));
    EK_CHECK(limit_files(service, data_dir));
    return limit_system_calls(service.permissions);
}

}  // namespace evenkeel::plugin_host
