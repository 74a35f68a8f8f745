#include "sdk/tool/validate/write_trace.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "sdk/tool/validate/check.hpp"

namespace evenkeel::validate {
namespace {

// A system call that writes to the file system: where its path is, and relative to what.
struct Writer {
    int number;
    const char* name;
    int folder;  // which argument is the descriptor of a folder; -1: the working directory
    int path;    // which argument is the path
    int flags;   // which argument has O_ flags; -1: it always writes
};
constexpr Writer kWriters[] = {
    {SYS_openat, "openat", 0, 1, 2},       {SYS_mkdirat, "mkdirat", 0, 1, -1},
    {SYS_unlinkat, "unlinkat", 0, 1, -1},  {SYS_renameat2, "renameat2", 2, 3, -1},
    {SYS_linkat, "linkat", 2, 3, -1},      {SYS_symlinkat, "symlinkat", 1, 2, -1},
    {SYS_fchmodat, "fchmodat", 0, 1, -1},  {SYS_fchownat, "fchownat", 0, 1, -1},
    {SYS_truncate, "truncate", -1, 0, -1},
#ifdef SYS_open
    {SYS_open, "open", -1, 0, 1},          {SYS_creat, "creat", -1, 0, -1},
    {SYS_mkdir, "mkdir", -1, 0, -1},       {SYS_rmdir, "rmdir", -1, 0, -1},
    {SYS_unlink, "unlink", -1, 0, -1},     {SYS_rename, "rename", -1, 1, -1},
    {SYS_link, "link", -1, 1, -1},         {SYS_symlink, "symlink", -1, 1, -1},
    {SYS_chmod, "chmod", -1, 0, -1},       {SYS_chown, "chown", -1, 0, -1},
    {SYS_renameat, "renameat", 2, 3, -1},
#endif
};

// The listener of a filter that asks about these calls, or -1.
int install_filter() {
    std::vector<sock_filter> filter = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const Writer& writer : kWriters) {
        filter.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(writer.number), 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                      SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

// A message of one byte, with room for one descriptor beside it.
struct Message {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{nullptr, 0, &data, 1, control.data(), control.size(), 0};
};

void send_fd(int channel, int fd) {
    Message message;
    cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &fd, sizeof(fd));
    if (fd < 0) message.header.msg_controllen = 0;
    ::sendmsg(channel, &message.header, 0);
}
Fd receive_fd(int channel) {
    Message message;
    if (::recvmsg(channel, &message.header, MSG_CMSG_CLOEXEC) <= 0) return {};
    const cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    if (control == nullptr || control->cmsg_type != SCM_RIGHTS) return {};
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(control), sizeof(fd));
    return Fd(fd);
}

std::string text_in(pid_t process, std::uint64_t address) {
    std::array<char, PATH_MAX> buffer{};
    const std::string memory = "/proc/" + std::to_string(process) + "/mem";
    const Fd file(::open(memory.c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t got =
        ::pread(file.get(), buffer.data(), buffer.size() - 1, static_cast<off_t>(address));
    return got > 0 ? std::string(buffer.data()) : std::string();
}

std::string link_of(const std::string& path) {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t got = ::readlink(path.c_str(), buffer.data(), buffer.size() - 1);
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

// The path as that process means it.
std::string whole(pid_t process, int folder, const std::string& path) {
    if (path.starts_with('/')) return path;
    const std::string own = "/proc/" + std::to_string(process);
    return link_of(folder == AT_FDCWD ? own + "/cwd" : own + "/fd/" + std::to_string(folder)) +
           "/" + path;
}

void answer(int listener, std::vector<Written>& written) {
    seccomp_notif request{};
    if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return;
    for (const Writer& writer : kWriters) {
        if (writer.number != request.data.nr) continue;
        const auto argument = [&](int index) { return request.data.args[index]; };
        const bool reads = writer.flags >= 0 &&
                           (argument(writer.flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) == 0;
        if (reads) continue;
        const auto process = static_cast<pid_t>(request.pid);
        const int folder = writer.folder < 0 ? AT_FDCWD : static_cast<int>(argument(writer.folder));
        written.push_back(
            {writer.name, whole(process, folder, text_in(process, argument(writer.path)))});
    }
    seccomp_notif_resp response{};
    response.id = request.id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

}  // namespace

std::vector<Written> trace_writes(const std::function<void()>& work, std::string* ended) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        skip("no sockets are left");
    Fd ours(ends[0]), theirs(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        const int listener = install_filter();
        send_fd(theirs.get(), listener);
        ::close(listener);
        try {
            work();
        } catch (const Broken&) {
            ::_exit(3);
        } catch (const Skipped&) {
            ::_exit(4);
        }
        ::_exit(0);
    }
    theirs.reset();
    const Fd listener = receive_fd(ours.get());
    std::vector<Written> written;
    while (listener) {
        pollfd polled[] = {{listener.get(), POLLIN, 0}, {ours.get(), POLLIN, 0}};
        if (::poll(polled, 2, -1) < 0 && errno != EINTR) break;
        if ((polled[0].revents & POLLIN) != 0) answer(listener.get(), written);
        if (polled[1].revents != 0 || (polled[0].revents & POLLHUP) != 0) break;
    }
    int status = 0;
    if (!listener) ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    if (!listener) skip("this kernel or container does not let system calls be watched (seccomp)");
    if (WIFSIGNALED(status)) *ended = std::string("SIG") + ::sigabbrev_np(WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        *ended = "exit " + std::to_string(WEXITSTATUS(status));
    return written;
}

}  // namespace evenkeel::validate
