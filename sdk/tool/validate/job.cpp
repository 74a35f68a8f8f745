#include "sdk/tool/validate/job.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "sdk/tool/validate/verdict.hpp"

namespace evenkeel::validate {
namespace {

constexpr std::size_t kVerdictBytesMax = 1u << 20, kWordsMax = 4096;
// What a check may have on its heap and stacks, beside what it has from the start.
constexpr rlim_t kMemoryMax = rlim_t{2} << 30;

// How a process ended that has left no verdict.
std::string end_of(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return "its process was killed: it may have taken more memory than there is";
    if (WIFSIGNALED(status))
        return std::string("it ends with SIG") + ::sigabbrev_np(WTERMSIG(status));
    return "it ends the process with exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Job::Job(const Check& check, const RunOptions& options, std::string scratch, std::string kept)
    : options_(options), scratch_(std::move(scratch)), kept_(std::move(kept)) {
    result.check = &check;
    std::array<int, 2> verdict{}, words{};
    if (::pipe2(verdict.data(), O_CLOEXEC) != 0 || ::pipe2(words.data(), O_CLOEXEC) != 0) return;
    verdict_ = Fd(verdict[0]);
    words_ = Fd(words[0]);
    Fd verdict_end(verdict[1]), words_end(words[1]);
    started_ms_ = now_monotonic_ms();
    pid_ = ::fork();
    if (pid_ == 0) run_here(check, verdict_end.release(), words_end.release());
    ::setpgid(pid_, pid_);
    ended_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    for (const Fd* fd : {&verdict_, &words_}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
}

std::int64_t Job::rest_ms() const {
    return started_ms_ + options_.timeout.count() * 1000 - now_monotonic_ms();
}

void Job::read_words() {
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(words_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    said_.append(buffer.data(), static_cast<std::size_t>(got));
    if (said_.size() > 2 * kWordsMax) said_.erase(0, said_.size() - kWordsMax);
}

void Job::read_verdict() {
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = ::read(verdict_.get(), buffer.data(), buffer.size())) > 0;)
        if (text_.size() < kVerdictBytesMax)
            text_.append(buffer.data(), static_cast<std::size_t>(got));
}

void Job::finish(bool hangs) {
    int status = 0;
    read_verdict();
    read_words();
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    result.took = std::chrono::milliseconds(now_monotonic_ms() - started_ms_);
    judge(status, hangs);
    if (result.record.empty() && result.is_failure()) result.record = said_;
    if (result.check->weight == Weight::warning && result.is_failure())
        result.outcome = Outcome::warn;
}

void Job::judge(int status, bool hangs) {
    const auto verdict = json::parse(text_);
    if (verdict && verdict->is_object()) return take(result, *verdict);
    result.outcome = hangs ? Outcome::hang : Outcome::crash;
    result.what = hangs ? "it does not come to an end within " +
                              std::to_string(options_.timeout.count()) + " s"
                        : end_of(status);
}

void Job::run_here(const Check& check, int verdict, int words) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0}, memory{kMemoryMax, kMemoryMax};
    ::setrlimit(RLIMIT_CORE, &no_core);
    // Sanitizers keep a shadow of all memory.
    if (::getenv("EK_VALIDATE_SANITIZED") == nullptr) ::setrlimit(RLIMIT_DATA, &memory);
    ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    ::dup2(words, 1);
    ::dup2(words, 2);
    // Out of the way of whoever closes what it finds.
    const int high = ::fcntl(verdict, F_DUPFD_CLOEXEC, 500);
    const std::string text = json::write(verdict_of(check, options_, scratch_, kept_));
    [[maybe_unused]] const auto written = write_all(high, text);
    ::_exit(0);
}

}  // namespace evenkeel::validate
