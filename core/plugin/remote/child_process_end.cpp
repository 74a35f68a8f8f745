#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "core/base/time.hpp"
#include "core/plugin/reactor.hpp"
#include "core/plugin/remote/child_process.hpp"

// How the process ends, by itself or by us.
namespace evenkeel::plugin {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kReactorPatience{5000};
// From the end of its descriptors to its own.
constexpr milliseconds kLongestDeath{400};
// Of one that is killed, if the kernel lets it go.
constexpr milliseconds kLongestReap{1000};

// For one that the kernel does not let go yet: nobody waits for it.
void reap_later(Fd pidfd) {
    const auto reactor = Reactor::shared();
    if (!reactor || !pidfd) return;
    const auto held = std::make_shared<const Fd>(std::move(pidfd));
    static_cast<void>((*reactor)->add(held.get(), held->get(), POLLIN, [held](std::uint32_t) {
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(held->get()), &info, WEXITED | WNOHANG);
        if (const auto shared = Reactor::shared()) (*shared)->remove_all(held.get());
    }));
}

std::string ending_of(const siginfo_t& info) {
    if (info.si_code == CLD_EXITED)
        return "it ended by itself with " + std::to_string(info.si_status);
    const char* name = ::strsignal(info.si_status);
    return "it was ended by signal " + std::to_string(info.si_status) +
           (name != nullptr ? " (" + std::string(name) + ")" : "");
}

}  // namespace

ChildProcess::~ChildProcess() {
    stop();
}

std::uint64_t ChildProcess::processor_time() const {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(spawned_.pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
        return 0;
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(used.tv_nsec);
}

void ChildProcess::note_work(bool begins) {
    const std::lock_guard lock(mutex_);
    if (reaped_) return;
    if (begins) idle_work_.call_begins(now_monotonic_ns(), processor_time());
    else idle_work_.call_ends(now_monotonic_ns(), processor_time());
}

bool ChildProcess::end_if_busy() {
    std::uint64_t worked = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!reaped_) worked = idle_work_.excess(now_monotonic_ns(), processor_time());
    }
    if (worked == 0) return false;
    kill("it kept a processor busy for " + std::to_string(worked / 1'000'000) +
         " ms while nobody called it");
    return true;
}

bool ChildProcess::reap() {
    const bool is_over = wait_for(spawned_.pidfd.get(), POLLIN, Until{}.but_at_most(kLongestReap));
    const std::lock_guard lock(mutex_);
    if (reaped_ || !is_over) return reaped_;
    siginfo_t info{};
    const auto id = static_cast<id_t>(spawned_.pidfd.get());
    // Until it is reaped its number is its own, and its session's.
    if (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
    kill_session();
    ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG);
    reaped_ = true;
    ended_ = true;
    if (how_.empty()) {
        how_ = ending_of(info);
        const bool is_killed = info.si_code == CLD_KILLED && info.si_status == SIGKILL;
        if (is_killed && (lacks_memory_ || (group_ && group_->ends_for_memory() != 0)))
            how_ += ": " + memory_excess();
    }
    idle_.clear();
    group_.reset();
    return true;
}

void ChildProcess::on_end() {
    // What it said last tells why.
    on_output();
    end();
}

void ChildProcess::on_hang() {
    kill("the agent hung in what it sent");
    end();
}

void ChildProcess::end() {
    reap();
    if (const auto reactor = Reactor::shared()) (*reactor)->remove_all(this);
    listener_.ended(how_);
    const std::lock_guard lock(mutex_);
    told_ = true;
    over_.notify_all();
}

// Most likely it has ended or is about to, and then its end says more.
void ChildProcess::kill_if_alive(const std::string& why) {
    ended_ = true;
    if (!wait_for(spawned_.pidfd.get(), POLLIN, Until{}.but_at_most(kLongestDeath))) kill(why);
}

void ChildProcess::kill(const std::string& why) {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    idle_.clear();
    if (reaped_) return;
    if (how_.empty()) how_ = why;
    kill_session();
}

void ChildProcess::kill_session() const {
    ::kill(-spawned_.pid, SIGKILL);
    ::kill(spawned_.pid, SIGKILL);
}

void ChildProcess::stop() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopped_, true)) return;
    }
    if (const auto reactor = Reactor::shared()) {
        // On its thread, so that no handler is under way.
        static_cast<void>(
            (*reactor)->run([r = *reactor, key = this] { r->remove_all(key); }, kReactorPatience));
    }
    ended_ = true;
    storage_.reset();
    {
        const std::lock_guard lock(mutex_);
        if (reaped_) return;
        kill_session();
    }
    if (reap()) return;
    const std::lock_guard lock(mutex_);
    group_.reset();
    reaped_ = true;  // by somebody else: its number is not to be used any more
    reap_later(Fd(::fcntl(spawned_.pidfd.get(), F_DUPFD_CLOEXEC, 0)));
}

std::string ChildProcess::how(std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    over_.wait_for(lock, patience, [this] { return told_ || stopped_; });
    return how_.empty() ? "it does not answer any more" : how_;
}

}  // namespace evenkeel::plugin
