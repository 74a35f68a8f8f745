#include "sdk/tool/validate/run.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include <poll.h>
#include <re2/re2.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "sdk/tool/validate/job.hpp"
#include "sdk/tool/validate/spared_machine.hpp"
#include "sdk/tool/validate/target.hpp"
#include "sdk/tool/validate/verdict.hpp"

namespace evenkeel::validate {
namespace {

namespace fs = std::filesystem;

bool fits(const std::vector<std::string>& patterns, const Check& check) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        const re2::RE2 regex("(?i)" + pattern, re2::RE2::Quiet);
        return re2::RE2::FullMatch(check.id, regex) ||
               re2::RE2::FullMatch(std::string(1, check.id[0]), regex);
    });
}

std::string beside(const std::string& file, const char* suffix) {
    return fs::path(file).replace_extension(suffix);
}

// Of options with whole paths.
std::string again_command(const RunOptions& options, const Check& check) {
    std::string line = "ek-plugin validate " + options.file + " --only " + check.id;
    if (options.settings != beside(options.file, ".validate.json"))
        line += " --settings " + options.settings;
    for (const std::string& version : options.target) line += " --target " + version;
    if (options.seed != 1) line += " --seed " + std::to_string(options.seed);
    if (options.scratch_machine) line += " --scratch-machine";
    if (options.isolated) line += " --isolated";
    return line + " --in-process";
}

// Where scratch folders are. There is less going on than in /tmp, and it is on a disk.
std::string scratch_root() {
    const char* chosen = std::getenv("TMPDIR");
    return chosen != nullptr ? chosen : "/var/tmp";
}

// A folder that is gone when this is.
class Scratch {
  public:
    Scratch() {
        std::string name = scratch_root() + "/ek-validate-XXXXXX";
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
        const std::string kept = scratch_.path() + "/.kept";
        ::mkdir(kept.c_str(), 0700);
        while (told_ < checks_.size()) {
            while (next_ < checks_.size() &&
                   running_.size() < std::max<std::size_t>(options_.jobs, 1)) {
                auto job = std::make_unique<Job>(*checks_[next_], options_,
                                                 scratch_.path() + "/" + checks_[next_]->id, kept);
                job->result.again = again_command(options_, *checks_[next_]);
                running_[next_++] = std::move(job);
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

bool declares_nothing(const RunOptions& options) {
    const auto text = read_file(beside(options.file, ".manifest.json"));
    const auto manifest = json::parse(text ? *text : std::string());
    return manifest && !reaches_out(*manifest);
}

// Whether checks meet at what they make: resources of this machine, which are the same for all of
// them, and not those in the folder of each.
bool checks_meet(const RunOptions& options, const Settings& settings, const std::string& scratch) {
    if (declares_nothing(options)) return false;
    return options.scratch_machine || settings.leads_out_of(scratch);
}

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
    absolute.settings = options.settings.empty() ? beside(absolute.file, ".validate.json")
                                                 : fs::absolute(options.settings).native();
    for (const std::string& path : {options.file, options.settings})
        if (!path.empty() && ::access(path.c_str(), R_OK) != 0)
            return fail(system_error(errno, "reading " + path));
    EK_CHECK(Target::of(options.target));
    const Scratch scratch;
    const Settings settings = EK_TRY(Settings::read(absolute.settings, scratch.path()));
    EK_CHECK(settings.prepare());
    if (!options.scratch_machine && declares_nothing(absolute))
        EK_CHECK(spare_machine(scratch_root()));
    if (checks_meet(absolute, settings, scratch.path())) absolute.jobs = 1;
    if (!options.in_process) return Runner(absolute, checks, on_result).run();
    std::vector<CheckResult> results;
    for (const Check* check : checks) {
        const Scratch own;
        CheckResult result;
        result.check = check;
        result.again = again_command(absolute, *check);
        take(result, verdict_of(*check, absolute, own.path(), ""));
        if (check->weight == Weight::warning && result.is_failure()) result.outcome = Outcome::warn;
        on_result(result);
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace evenkeel::validate
