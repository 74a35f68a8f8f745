#pragma once

#include <functional>
#include <map>

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace evenkeel::test {

// How often `work` makes each system call, by its number. It runs in a child of this process, which
// has no other thread. Empty where the child cannot be traced (another tracer, another machine).
inline std::map<long, int> syscalls_of(const std::function<void()>& work) {
    std::map<long, int> counts;
#ifdef __x86_64__
    const pid_t child = ::fork();
    if (child == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
        ::raise(SIGSTOP);
        ::syscall(SYS_getppid);  // where the counting begins and ends
        work();
        ::syscall(SYS_getppid);
        ::_exit(0);
    }
    int status = 0, marks = 0;
    bool enters = true;
    ::waitpid(child, &status, 0);
    while (WIFSTOPPED(status)) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        ::waitpid(child, &status, 0);
        user_regs_struct registers{};
        if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) continue;
        ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
        const long number = static_cast<long>(registers.orig_rax);
        if (enters && number == SYS_getppid) ++marks;
        else if (enters && marks == 1) ++counts[number];
        enters = !enters;
    }
#else
    static_cast<void>(work);
#endif
    return counts;
}

}  // namespace evenkeel::test
