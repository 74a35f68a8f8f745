#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string_view>

#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "core/plugin_host/sandbox.hpp"

namespace evenkeel::plugin_host {
namespace {

// The rules of one filter; the first that cannot be added is what is answered.
class Filter {
  public:
    // With `notifies` the agent hears of each refusal.
    explicit Filter(bool notifies)
        : context_(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release),
          refuse_(notifies ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(EPERM)) {}

    void refuse(int call) { add(refuse_, call, {}); }
    void refuse(int call, std::initializer_list<scmp_arg_cmp> when) { add(refuse_, call, when); }
    // As if the kernel were older, so that the C library falls back to another.
    void hide(int call) { add(SCMP_ACT_ERRNO(ENOSYS), call, {}); }

    Result<void> load() {
        if (!context_) return fail(Errc::internal, "there is no filter of system calls");
        if (failure_ == 0) failure_ = ::seccomp_load(context_.get());
        if (failure_ == 0) return {};
        return fail(system_error(-failure_, "cannot limit its system calls"));
    }
    Fd notifications() const { return Fd(::seccomp_notify_fd(context_.get())); }

  private:
    void add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> when) {
        if (context_ && failure_ == 0)
            failure_ = ::seccomp_rule_add_array(context_.get(), action, call,
                                                static_cast<unsigned>(when.size()), when.begin());
    }

    std::unique_ptr<void, decltype(&::seccomp_release)> context_;
    std::uint32_t refuse_;
    int failure_ = 0;
};

// All but local ones and, if it may, those of the audit.
void refuse_sockets(Filter& filter, bool audit) {
    if (!audit) return filter.refuse(SCMP_SYS(socket), {SCMP_A0(SCMP_CMP_NE, AF_UNIX)});
    // One rule has one condition for each argument.
    for (unsigned family = AF_UNIX + 1; family < AF_NETLINK; ++family)
        filter.refuse(SCMP_SYS(socket), {SCMP_A0(SCMP_CMP_EQ, family)});
    filter.refuse(SCMP_SYS(socket),
                  {SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_NE, NETLINK_AUDIT)});
    filter.refuse(SCMP_SYS(socket), {SCMP_A0(SCMP_CMP_GT, AF_NETLINK)});
}

void add_rules(Filter& filter, const plugin::Permissions& permissions) {
    if (!permissions.spawn) {
        for (const int call :
             {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork)})
            filter.refuse(call);
        filter.refuse(SCMP_SYS(clone), {SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)});
        // Its flags lie in memory, where no filter looks.
        filter.hide(SCMP_SYS(clone3));
    }
    // The tools that change accounts do nothing where they cannot tell the kernel's audit.
    if (!permissions.network) refuse_sockets(filter, permissions.declares("CAP_AUDIT_WRITE"));
    // The sockets that it makes would be no sockets to the rules above.
    if (!permissions.network) filter.hide(SCMP_SYS(io_uring_setup));
    // It opens what lies under a hidden folder, by number.
    if (!permissions.declares("CAP_SYS_ADMIN")) filter.hide(SCMP_SYS(open_by_handle_at));
}

}  // namespace

Result<Fd> limit_system_calls(const plugin::Permissions& permissions) {
    if (!permissions.spawn || !permissions.network) {
        Filter telling(true);
        add_rules(telling, permissions);
        if (telling.load()) return telling.notifications();
    }
    // A container's own filter may listen already, and only one can.
    Filter silent(false);
    add_rules(silent, permissions);
    EK_CHECK(silent.load());
    return Fd();
}

}  // namespace evenkeel::plugin_host
