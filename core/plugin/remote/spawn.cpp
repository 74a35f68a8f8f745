#include "core/plugin/remote/spawn.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <future>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/run/lane.hpp"

namespace evenkeel::plugin {
namespace {

constexpr int kControl = 3;

// What the process is given, freed at the end.
class Attributes {
  public:
    Attributes(int control, int output) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, control, kControl);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, kControl + 1);
        ::posix_spawn_file_actions_addchdir_np(&actions_, "/");
        sigset_t all, none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    }
    ~Attributes() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;

    int start(const std::string& program, const std::string& name, pid_t& pid) const {
        std::string own = "evenkeel-plugin-host", plugin = name;
        std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale = "LANG=C.UTF-8";
        std::array<char*, 3> arguments{own.data(), plugin.data(), nullptr};
        std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
        return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments.data(),
                             environment.data());
    }

  private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

Result<Spawned> spawn_here(const std::string& program, const std::string& name) {
    std::array<int, 2> control{-1, -1}, output{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control.data()) != 0)
        return fail(system_error(errno, "cannot make a connection for a plugin's process"));
    Spawned spawned;
    spawned.control = Fd(control[0]);
    const Fd its_control(control[1]);
    if (::pipe2(output.data(), O_CLOEXEC) != 0)
        return fail(system_error(errno, "cannot make a pipe for a plugin's process"));
    spawned.output = Fd(output[0]);
    const Fd its_output(output[1]);
    ::fcntl(spawned.output.get(), F_SETFL, O_NONBLOCK);
    const Attributes attributes(its_control.get(), its_output.get());
    const int error = attributes.start(program, name, spawned.pid);
    if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE)
        return fail(Errc::busy, system_error(error, "cannot start " + program).what);
    if (error != 0)
        return fail(Errc::unsupported, system_error(error, "cannot start " + program).what +
                                           "; install evenkeel-agent again");
    spawned.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, spawned.pid, 0)));
    if (spawned.pidfd) return spawned;
    const Error lost = system_error(errno, "cannot look after a plugin's process");
    ::kill(spawned.pid, SIGKILL);
    ::waitpid(spawned.pid, nullptr, 0);
    return fail(lost);
}

}  // namespace

Result<Spawned> spawn(const std::string& program, const std::string& name) {
    // The kernel sends the signal of a parent's death when the thread that was it ends.
    static auto* const lane = new run::Lane({.name = "plugin-spawn", .queue_depth_max = 1000});
    auto promise = std::make_shared<std::promise<Result<Spawned>>>();
    auto answer = promise->get_future();
    EK_CHECK(
        lane->submit([promise, program, name] { promise->set_value(spawn_here(program, name)); }));
    return answer.get();
}

}  // namespace evenkeel::plugin
