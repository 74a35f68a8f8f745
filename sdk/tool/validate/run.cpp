#include "sdk/tool/validate/run.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>

#include <fcntl.h>
#include <poll.h>
#include <re2/re2.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "sdk/tool/validate/isolated.hpp"

namespace evenkeel::validate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kVerdictBytesMax = 1u << 20, kWordsMax = 4096;
// What a check may have on its heap and stacks, beside what it has from the start.
constexpr rlim_t kMemoryMax = rlim_t{2} << 30;

bool fits(const std::vector<std::string>& patterns, const Check& check) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        const re2::RE2 regex("(?i)" + pattern, re2::RE2::Quiet);
        return re2::RE2::FullMatch(check.id, regex) ||
               re2::RE2::FullMatch(std::string(1, check.id[0]), regex);
    });
}

std::string again_command(const RunOptions& options, const Check& check) {
    std::string line = "ek-plugin validate " + options.file + " --only " + check.id;
    if (options.seed != 1) line += " --seed " + std::to_string(options.seed);
    if (options.scratch_machine) line += " --scratch-machine";
    if (options.isolated) line += " --isolated";
    return line + " --in-process";
}

std::string settings_of(const RunOptions& options) {
    if (!options.settings.empty()) return options.settings;
    fs::path path = options.file;
    return path.replace_extension(".validate.json");
}

// A folder that is gone when this is.
class Scratch {
  public:
    Scratch() {
        // There is less going on than in /tmp, and it is on a disk.
        const char* chosen = std::getenv("TMPDIR");
        std::string name =
            std::string(chosen != nullptr ? chosen : "/var/tmp") + "/ek-validate-XXXXXX";
        // Plugins in processes of their own are another user's.
        if (::mkdtemp(name.data()) != nullptr && ::chmod(name.c_str(), 0755) == 0) path_ = name;
    }
    ~Scratch() {
        std::error_code error;
        if (!path_.empty()) fs::remove_all(path_, error);
    }
    Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Scratch& operator=(Scratch&&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

void try_collections(Bench& bench, const Check& check, const RunOptions& options) {
    const ek_module& module = bench.module();
    std::string skipped;
    bool ran = false;
    for (std::size_t i = 0; i < module.collection_count; ++i) {
        const std::string name = text_of(module.collections[i]->name);
        if (!options.collection.empty() && options.collection != name) continue;
        bench.choose(*module.collections[i]);
        try {
            const auto& given = bench.samples().settings().skip;
            for (const std::string& key : {std::string(check.id), std::string(1, check.id[0])})
                if (const auto why = given.find(key); why != given.end()) skip(why->second);
            std::unique_ptr<Isolated> isolated;
            if (options.isolated && std::strchr("DEFGHIJM", check.id[0]) != nullptr)
                isolated = std::make_unique<Isolated>(bench);
            check.run(bench);
            ran = true;
        } catch (const Skipped& why) {
            skipped += (skipped.empty() ? "" : "; ") + name + ": " + why.why;
        } catch (Broken& found) {
            throw Broken{name + ": " + found.what, found.record};
        }
    }
    if (!ran) skip(skipped.empty() ? "no such collection" : skipped);
}

// What the check found, as JSON.
json::Object verdict_of(const Check& check, const RunOptions& options, const std::string& scratch) {
    try {
        Bench bench({options.file, settings_of(options), scratch, options.seed,
                     options.scratch_machine, false});
        if (check.scope == Scope::module) {
            check.run(bench);
        } else {
            try_collections(bench, check, options);
        }
        return {{"outcome", "pass"}};
    } catch (const Broken& found) {
        return {{"outcome", "fail"}, {"what", found.what}, {"record", found.record}};
    } catch (const Skipped& found) {
        return {{"outcome", "skip"}, {"what", found.why}};
    } catch (const std::exception& error) {
        return {{"outcome", "crash"},
                {"what", std::string("an exception leaves the plugin: ") + error.what()}};
    } catch (...) {
        return {{"outcome", "crash"}, {"what", "an exception leaves the plugin"}};
    }
}

void take(CheckResult& result, const json::Value& verdict) {
    static const std::map<std::string, Outcome> kOutcomes = {{"pass", Outcome::pass},
                                                             {"fail", Outcome::fail},
                                                             {"skip", Outcome::skip},
                                                             {"crash", Outcome::crash}};
    result.outcome = kOutcomes.at(verdict.string_or("outcome", "crash"));
    result.what = verdict.string_or("what");
    result.record = verdict.string_or("record");
}

// One check in its process.
class Job {
  public:
    // `scratch` is an empty folder of its own.
    Job(const Check& check, const RunOptions& options, std::string scratch)
        : options_(options), timeout_(options.timeout), scratch_(std::move(scratch)) {
        result.check = &check;
        result.again = again_command(options, check);
        std::array<int, 2> verdict{}, words{};
        if (::pipe2(verdict.data(), O_CLOEXEC) != 0 || ::pipe2(words.data(), O_CLOEXEC) != 0)
            return;
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

    // Readable once the process has ended; what it started may live on and keep the pipes open.
    int ended_fd() const { return ended_.get(); }

    int verdict_fd() const { return verdict_.get(); }
    int words_fd() const { return words_.get(); }
    std::int64_t rest_ms() const {
        return started_ms_ + timeout_.count() * 1000 - now_monotonic_ms();
    }

    void forget_words() { words_.reset(); }
    void forget_verdict() { verdict_.reset(); }
    void read_words() {
        std::array<char, 4096> buffer;
        const ssize_t got = ::read(words_.get(), buffer.data(), buffer.size());
        if (got <= 0) return;
        said_.append(buffer.data(), static_cast<std::size_t>(got));
        if (said_.size() > 2 * kWordsMax) said_.erase(0, said_.size() - kWordsMax);
    }
    void read_verdict() {
        std::array<char, 4096> buffer;
        for (ssize_t got = 0; (got = ::read(verdict_.get(), buffer.data(), buffer.size())) > 0;)
            if (text_.size() < kVerdictBytesMax)
                text_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    void finish(bool hangs) {
        int status = 0;
        read_verdict();
        read_words();
        ::kill(-pid_, SIGKILL);
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        result.took = std::chrono::milliseconds(now_monotonic_ms() - started_ms_);
        const auto verdict = json::parse(text_);
        if (verdict && verdict->is_object()) {
            take(result, *verdict);
        } else if (hangs) {
            result.outcome = Outcome::hang;
            result.what =
                "it does not come to an end within " + std::to_string(timeout_.count()) + " s";
        } else {
            result.outcome = Outcome::crash;
            result.what =
                WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL
                    ? std::string("it ends with SIG") + ::sigabbrev_np(WTERMSIG(status))
                    : "it ends the process with exit status " + std::to_string(WEXITSTATUS(status));
            if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
                result.what = "its process was killed: it may have taken more memory than there is";
        }
        if (result.record.empty() && result.is_failure()) result.record = said_;
        if (result.check->weight == Weight::warning && result.is_failure())
            result.outcome = Outcome::warn;
    }

    CheckResult result;

  private:
    [[noreturn]] void run_here(const Check& check, int verdict, int words) {
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
        const std::string text = json::write(verdict_of(check, options_, scratch_));
        [[maybe_unused]] const auto written = write_all(high, text);
        ::_exit(0);
    }

    const RunOptions& options_;
    std::chrono::seconds timeout_;
    const std::string scratch_;
    Fd verdict_, words_, ended_;
    std::string text_, said_;
    std::int64_t started_ms_ = 0;
    pid_t pid_ = -1;
};

// Runs the jobs, so many at once.
class Runner {
  public:
    Runner(const RunOptions& options, std::vector<const Check*> checks,
           const std::function<void(const CheckResult&)>& on_result)
        : options_(options), checks_(std::move(checks)), on_result_(on_result) {
        results_.resize(checks_.size());
        done_.resize(checks_.size());
    }

    std::vector<CheckResult> run() {
        // All at once: a watch sees what is made or removed in the folders above its own.
        for (const Check* check : checks_)
            ::mkdir((scratch_.path() + "/" + check->id).c_str(), 0755);
        while (told_ < checks_.size()) {
            while (next_ < checks_.size() &&
                   running_.size() < std::max<std::size_t>(options_.jobs, 1)) {
                running_[next_] = std::make_unique<Job>(*checks_[next_], options_,
                                                        scratch_.path() + "/" + checks_[next_]->id);
                ++next_;
            }
            wait();
        }
        return std::move(results_);
    }

  private:
    void wait() {
        std::vector<pollfd> polled;
        std::vector<std::size_t> whose;
        std::int64_t rest = 1000;
        for (const auto& [index, job] : running_) {
            rest = std::clamp<std::int64_t>(job->rest_ms(), 0, rest);
            for (const int fd : {job->verdict_fd(), job->words_fd(), job->ended_fd()}) {
                polled.push_back({fd, POLLIN, 0});
                whose.push_back(index);
            }
        }
        ::poll(polled.data(), polled.size(), static_cast<int>(rest));
        for (std::size_t i = 0; i < polled.size(); i += 3) {
            Job& job = *running_.at(whose[i]);
            if ((polled[i].revents & POLLIN) != 0) job.read_verdict();
            if ((polled[i + 1].revents & POLLIN) != 0) job.read_words();
            // A pipe that nobody can write to any more would wake us all the time.
            if (polled[i].revents == POLLHUP) job.forget_verdict();
            if (polled[i + 1].revents == POLLHUP) job.forget_words();
            const bool ended = polled[i + 2].revents != 0;
            if (ended || job.rest_ms() <= 0) finish(whose[i], !ended);
        }
    }
    void finish(std::size_t index, bool hangs) {
        running_.at(index)->finish(hangs);
        results_[index] = running_.at(index)->result;
        running_.erase(index);
        done_[index] = true;
        while (told_ < done_.size() && done_[told_]) on_result_(results_[told_++]);
    }

    const RunOptions& options_;
    const Scratch scratch_;
    std::vector<const Check*> checks_;
    const std::function<void(const CheckResult&)>& on_result_;
    std::vector<CheckResult> results_;
    std::vector<bool> done_;
    std::map<std::size_t, std::unique_ptr<Job>> running_;
    std::size_t next_ = 0, told_ = 0;
};

}  // namespace

std::string name_of(Outcome outcome) {
    static constexpr const char* kNames[] = {"pass", "fail", "crash", "hang", "skip", "warn"};
    return kNames[static_cast<std::size_t>(outcome)];
}

const std::vector<Group>& all_groups() {
    static const std::vector<Group> kGroups = {{'A', "binary and package", package_checks()},
                                               {'B', "entry and descriptor", entry_checks()},
                                               {'C', "schema", schema_checks()},
                                               {'D', "lifecycle", lifecycle_checks()},
                                               {'E', "list and read", read_checks()},
                                               {'F', "plan, apply, remove", change_checks()},
                                               {'G', "compare", compare_checks()},
                                               {'H', "watch", watch_checks()},
                                               {'I', "cancellation and deadlines", cancel_checks()},
                                               {'J', "hostile input", hostile_checks()},
                                               {'K', "memory and threads", memory_checks()},
                                               {'L', "the process", process_checks()},
                                               {'M', "evolution", evolution_checks()},
                                               {'N', "isolation", isolation_checks()},
                                               {'O', "speed", speed_checks()}};
    return kGroups;
}

Result<std::vector<const Check*>> chosen_checks(const RunOptions& options) {
    for (const auto* patterns : {&options.only, &options.skip})
        for (const std::string& pattern : *patterns)
            if (const re2::RE2 regex(pattern, re2::RE2::Quiet); !regex.ok())
                return fail(Errc::invalid,
                            "\"" + pattern + "\" is no regular expression: " + regex.error());
    std::vector<const Check*> chosen;
    for (const Group& group : all_groups())
        for (const Check& check : group.checks)
            if ((options.only.empty() || fits(options.only, check)) && !fits(options.skip, check))
                chosen.push_back(&check);
    if (chosen.empty()) return fail(Errc::invalid, "--only and --skip leave no check");
    return chosen;
}

Result<std::vector<CheckResult>> run_checks(
    const RunOptions& options, const std::function<void(const CheckResult&)>& on_result) {
    const std::vector<const Check*> checks = EK_TRY(chosen_checks(options));
    RunOptions absolute = options;
    absolute.file = fs::absolute(options.file);
    if (::access(absolute.file.c_str(), R_OK) != 0)
        return fail(system_error(errno, "reading " + options.file));
    const Scratch scratch;
    EK_CHECK(EK_TRY(Settings::read(settings_of(absolute), scratch.path())).prepare());
    if (!options.in_process) return Runner(absolute, checks, on_result).run();
    std::vector<CheckResult> results;
    for (const Check* check : checks) {
        const Scratch own;
        CheckResult result;
        result.check = check;
        result.again = again_command(absolute, *check);
        take(result, verdict_of(*check, absolute, own.path()));
        if (check->weight == Weight::warning && result.is_failure()) result.outcome = Outcome::warn;
        on_result(result);
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace evenkeel::validate
