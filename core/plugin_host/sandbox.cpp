#include "core/plugin_host/sandbox.hpp"

#include <cerrno>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/plugin/process_bounds.hpp"

namespace evenkeel::plugin_host {
namespace {

// A plugin that needs more has a leak; the machine is not to pay for it.
Result<void> limit_memory() {
    // What a sanitizer keeps beside the memory counts too, and is more than any limit.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit memory{plugin::kProcessMemoryMost, plugin::kProcessMemoryMost};
    if (::setrlimit(RLIMIT_DATA, &memory) != 0)
        return fail(system_error(errno, "cannot limit its memory"));
#endif
    return {};
}

// Of a user that only this plugin has. Root is not bounded by it.
Result<void> limit_tasks(const plugin::Service& service) {
    const rlimit tasks{plugin::kTasksMost, plugin::kTasksMost};
    if (!service.changes_user || ::setrlimit(RLIMIT_NPROC, &tasks) == 0) return {};
    return fail(system_error(errno, "cannot limit its processes"));
}

}  // namespace

Result<Sandbox> enter_sandbox(const plugin::Service& service, int data_dir) {
    Sandbox sandbox;
    EK_CHECK(limit_memory());
    EK_CHECK(limit_tasks(service));
    hide_paths(service, sandbox.notes);
    EK_CHECK(limit_privileges(service));
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(system_error(errno, "cannot forbid new privileges"));
    if (!EK_TRY(limit_files(service, data_dir)))
        sandbox.notes.emplace_back(
            "nothing but its user's rights keeps files from it: the kernel "
            "has no Landlock");
    sandbox.refusals = EK_TRY(limit_system_calls(service.permissions));
    return sandbox;
}

}  // namespace evenkeel::plugin_host
