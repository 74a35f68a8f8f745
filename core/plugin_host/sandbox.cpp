#include "core/plugin_host/sandbox.hpp"

#include <cerrno>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace evenkeel::plugin_host {
namespace {

// A plugin that needs more has a leak; the machine is not to pay for it.
[[maybe_unused]] constexpr rlim_t kMemoryMost = 512u << 20;

Result<void> limit_memory() {
    // What a sanitizer keeps beside the memory counts too, and is more than any limit.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit memory{kMemoryMost, kMemoryMost};
    if (::setrlimit(RLIMIT_DATA, &memory) != 0)
        return fail(system_error(errno, "cannot limit its memory"));
#endif
    return {};
}

}  // namespace

Result<Fd> enter_sandbox(const plugin::Service& service, int data_dir) {
    EK_CHECK(limit_memory());
    EK_CHECK(limit_privileges(service));
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(system_error(errno, "cannot forbid new privileges"));
    EK_CHECK(limit_files(service, data_dir));
    return limit_system_calls(service.permissions);
}

}  // namespace evenkeel::plugin_host
