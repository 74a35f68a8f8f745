#include "plugins/posix/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::posix {

namespace {

constexpr int kStepMs = 100;
constexpr int kTermMs = 500;
constexpr off_t kOutputLimit = off_t{64} * 1024 * 1024;
constexpr std::uint64_t kNsPerMs = 1'000'000;

sdk::Fd memory_file(const char* name) {
    sdk::Fd fd(::memfd_create(name, MFD_CLOEXEC));
    if (!fd) throw os_failure(errno, "make a file in memory for a program");
    return fd;
}

sdk::Fd output_file(const char* name) {
    sdk::Fd fd = memory_file(name);
    // Several processes write: none may overwrite another's.
    if (::fcntl(fd.get(), F_SETFL, O_APPEND) != 0)
        throw os_failure(errno, "keep the output of a program");
    return fd;
}

// Secrets come this way: memory only, and unlike a pipe it can neither block nor break.
sdk::Fd input_file(std::string_view text) {
    if (text.empty()) {
        sdk::Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (!fd) throw os_failure(errno, "open /dev/null");
        return fd;
    }
    sdk::Fd fd = memory_file("input");
    while (!text.empty()) {
        const ssize_t length = ::write(fd.get(), text.data(), text.size());
        if (length < 0 && errno != EINTR) throw os_failure(errno, "write the input of a program");
        if (length > 0) text.remove_prefix(static_cast<std::size_t>(length));
    }
    ::lseek(fd.get(), 0, SEEK_SET);
    return fd;
}

off_t size_of(const sdk::Fd& fd) {
    struct stat info {};
    return ::fstat(fd.get(), &info) == 0 ? info.st_size : 0;
}

std::string read_from(const sdk::Fd& fd, off_t from, off_t bytes_max) {
    const off_t length_max = std::clamp<off_t>(size_of(fd) - from, 0, bytes_max);
    std::string text(static_cast<std::size_t>(length_max), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t length = ::pread(fd.get(), text.data() + done, text.size() - done,
                                       from + static_cast<off_t>(done));
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) break;
        done += static_cast<std::size_t>(length);
    }
    text.resize(done);
    return text;
}

std::string read_new(const sdk::Fd& fd, off_t& read) {
    std::string text = read_from(fd, read, kOutputLimit);
    read += static_cast<off_t>(text.size());
    return text;
}

std::string take_from(const sdk::Fd& fd, off_t& read, off_t bytes_max) {
    std::string text = read_from(fd, read, bytes_max);
    if (text.empty()) return text;
    read += static_cast<off_t>(text.size());
    // Where it fails, the memory is kept until the program ends.
    ::fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, read);
    return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

// The arguments of posix_spawn, freed at the end.
class SpawnPlan {
  public:
    SpawnPlan(const sdk::Fd& input, const sdk::Fd& output, const sdk::Fd& errors,
              const sdk::Fd& status_reports, const std::string& folder) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_adddup2(&actions_, input.get(), STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, output.get(), STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, errors.get(), STDERR_FILENO);
        int next = STDERR_FILENO + 1;
        if (status_reports)
            ::posix_spawn_file_actions_adddup2(&actions_, status_reports.get(), next++);
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, next);
        ::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
        sigset_t none, every;
        ::sigemptyset(&none);
        ::sigfillset(&every);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &every);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    pid_t start(const Command& command) const {
        std::vector<std::string> words = command.argv;
        std::vector<std::string> variables = command.environment;
        pid_t pid = -1;
        const int error = ::posix_spawn(&pid, words.front().c_str(), &actions_, &attributes_,
                                        pointers(words).data(), pointers(variables).data());
        if (error == ENOENT)
            throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + words.front())
                .hint("install the package that has it");
        if (error != 0) throw os_failure(error, "start " + words.front());
        return pid;
    }

  private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

void kill_and_reap(pid_t pid) {
    ::kill(-pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

// Until when a program may run that begins now.
std::uint64_t end_of_time_ns(const RunOptions& options) {
    if (options.limit_ms < 0) return std::numeric_limits<std::uint64_t>::max();
    return sdk::now_ns() + static_cast<unsigned>(options.limit_ms) * kNsPerMs;
}

// Whether the program has ended within its limit; throws when the time of the call is over.
bool wait_for_end(Process& process, const sdk::Call& call, const RunOptions& options) {
    const std::uint64_t limit_ns = end_of_time_ns(options);
    std::optional<std::uint64_t> grace_ends_ns;  // since the call was cancelled
    while (!process.wait(kStepMs, grace_ends_ns ? -1 : call.cancel_fd())) {
        if (process.output_size() > kOutputLimit)
            throw sdk::Failure(EK_E_INTERNAL, "a program wrote more than 64 MiB and was ended");
        const std::uint64_t now_ns = sdk::now_ns();
        if (!grace_ends_ns && call.cancelled())
            grace_ends_ns = now_ns + static_cast<unsigned>(options.cancel_grace_ms) * kNsPerMs;
        const bool late = call.deadline_ns() != 0 && now_ns >= call.deadline_ns();
        if (late || !grace_ends_ns || now_ns >= *grace_ends_ns) call.check();
        if (now_ns >= limit_ns) return false;
    }
    return true;
}

}  // namespace

Process::Process(const Command& command)
    : output_(output_file("output")),
      errors_(command.keeps_errors_apart ? output_file("errors") : sdk::Fd()),
      status_reports_(command.status_fd ? output_file("status") : sdk::Fd()) {
    const sdk::Fd input = input_file(command.input);
    pid_ = SpawnPlan(input, output_, errors_ ? errors_ : output_, status_reports_, command.folder)
               .start(command);
    // The C library's own declaration of it cannot be used from C++ (glibc 2.36).
    pidfd_ = sdk::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (pidfd_) return;
    const int error = errno;
    kill_and_reap(pid_);
    throw os_failure(error, "watch " + command.argv.front());
}

bool Process::wait(int ms, int cancel_fd) {
    if (exit_code_ >= 0) return true;
    std::array<pollfd, 2> fds = {pollfd{pidfd_.get(), POLLIN, 0}, pollfd{cancel_fd, POLLIN, 0}};
    ::poll(fds.data(), fds.size(), ms);
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid == pid_)
        exit_code_ = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    return exit_code_ >= 0;
}

void Process::send(int signal) const {
    if (exit_code_ < 0) ::kill(pid_, signal);
}

void Process::end() {
    if (exit_code_ >= 0) return;
    ::kill(-pid_, SIGTERM);
    pollfd ended{pidfd_.get(), POLLIN, 0};
    ::poll(&ended, 1, kTermMs);
    // As long as it is not reaped, the id of its group cannot be that of another.
    ::kill(-pid_, SIGKILL);
    while (!wait(-1)) continue;
}

off_t Process::output_size() const {
    return size_of(output_);
}

std::string Process::output_begin(off_t bytes_max) const {
    return read_from(output_, 0, bytes_max);
}

std::string Process::output_end(off_t bytes_max) const {
    return read_from(output_, std::max<off_t>(output_size() - bytes_max, 0), bytes_max);
}

std::string Process::new_output() {
    return read_new(output_, output_read_);
}

std::string Process::new_status_reports() {
    return status_reports_ ? read_new(status_reports_, status_read_) : std::string();
}

std::string Process::take_output(off_t bytes_max) {
    return take_from(output_, output_read_, bytes_max);
}

std::string Process::take_errors(off_t bytes_max) {
    return errors_ ? take_from(errors_, errors_read_, bytes_max) : std::string();
}

off_t Process::pending_bytes() const {
    return size_of(output_) - output_read_ + (errors_ ? size_of(errors_) - errors_read_ : 0);
}

ProcessResult run(const sdk::Call& call, const Command& command, const RunOptions& options) {
    call.check();
    Process process(command);
    bool has_ended = false;
    try {
        has_ended = wait_for_end(process, call, options);
    } catch (...) {
        process.end();
        throw;
    }
    if (!has_ended) process.end();
    return {has_ended ? process.exit_code() : -1, process.output_begin(options.output_max)};
}

}  // namespace evenkeel::posix
