#include "plugins/packages/apt/apt.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "plugins/packages/apt/candidates.hpp"
#include "plugins/packages/apt/database.hpp"
#include "plugins/packages/apt/progress.hpp"
#include "plugins/packages/apt/rules.hpp"
#include "plugins/packages/apt/simulation.hpp"
#include "plugins/packages/apt/watch.hpp"
#include "plugins/packages/command.hpp"
#include "plugins/packages/transaction.hpp"

namespace evenkeel::packages {

namespace {

using Words = std::vector<std::string>;

std::string action_text(const std::vector<Step>& steps) {
    std::string text;
    for (const Step& step : steps) {
        text += text.empty() ? "" : ", ";
        text += step.version ? "install " + step.id + " " + *step.version : "remove " + step.id;
    }
    return text;
}

class Apt : public Backend {
  public:
    Apt(std::string folder, std::string apt_folder, bool replace_config)
        : folder_(std::move(folder)),
          apt_folder_(std::move(apt_folder)),
          replace_config_(replace_config),
          database_(folder_, apt_folder_),
          transactions_(dpkg_lock_holder(folder_), "dpkg") {}

    std::string_view name() const override { return "apt"; }
    bool can_replace_config() const override { return true; }

    void require_canonical(std::string_view id) override {
        database_.refresh();
        const std::string canonical = database_.canonical(id);
        if (canonical != id)
            throw sdk::Failure(EK_E_INVALID,
                               "the canonical id of " + std::string(id) + " is " + canonical);
    }

    std::optional<Package> find(std::string_view id) override {
        database_.refresh();
        return database_.package(std::string(id));
    }

    std::vector<Package> all() override {
        database_.refresh();
        return database_.packages();
    }

    std::vector<Available> available(const sdk::Call& call, const Words& ids) override {
        database_.refresh();
        const auto offers = candidates_.offers(call, ids);
        const bool stale = Candidates::stale();
        std::vector<Available> all;
        for (std::size_t at = 0; at < ids.size(); ++at) {
            const auto package = database_.package(ids[at]);
            all.push_back(
                {choose(offers[at], package ? std::optional(package->version) : std::nullopt),
                 stale});
        }
        return all;
    }

    void simulate(const sdk::Call& call, const std::vector<Step>& steps) override {
        const posix::ProcessResult ran = posix::run(call, simulation_command(change_words(steps)));
        if (ran.exit_code != 0) throw failure_in(ran.output, apt_rules(), action_text(steps));
        const Simulation simulation = parse_simulation(ran.output);
        const auto is_asked = [&](const std::string& id, bool goes) {
            return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
                return step.id == id && step.version.has_value() != goes;
            });
        };
        std::string others;
        for (const std::string& other : simulation.removed)
            if (!is_asked(database_.canonical(other), true))
                others += (others.empty() ? "" : ", ") + other;
        if (!others.empty())
            throw sdk::Failure(EK_E_CONFLICT,
                               "to " + action_text(steps) + ", these would go too: " + others)
                .hint("describe them as absent first");
        for (const std::string& other : simulation.installed) {
            const std::string id = database_.canonical(other);
            if (is_on_hold(id) && !is_asked(id, false))
                throw sdk::Failure(EK_E_CONFLICT, "to " + action_text(steps) + " would change " +
                                                      other + ", which is on hold");
        }
    }

    std::vector<StepError> apply(const sdk::Call& call, const std::vector<Step>& steps) override {
        database_.refresh();
        std::vector<Step> changes;
        bool repairs = false;
        for (const Step& step : steps) {
            repairs = repairs || step.repair;
            if (!step.repair) changes.push_back(step);
        }
        posix::ProcessResult ran;
        // apt-get does nothing before an interrupted run is finished. Its failure is not ours: it
        // need not concern these packages.
        if (repairs || database_.interrupted()) ran = configure_all(call);
        Words held;
        if (!changes.empty()) {
            ran = change(call, reporting(change_words(changes)));
            held = parse_held(ran.output);
        }
        if (repairs) reinstall(call, steps, ran, held);
        try {
            restore_holds(call, held);
        } catch (const sdk::Failure& failure) {
            // What was changed is told all the same.
            if (failure.status() != EK_E_CANCELLED && failure.status() != EK_E_TIMEOUT) throw;
            call.note(EK_SEV_WARNING, "/hold",
                      std::string("packages were taken off their hold: ") + failure.what());
        }
        std::vector<StepError> errors;
        for (const Step& step : steps)
            errors.push_back(
                is_done(find(step.id), step)
                    ? std::nullopt
                    : StepError(failure_in(ran.output, apt_rules(), action_text({step}))));
        note_trouble(call, ran, errors);
        return errors;
    }

    bool is_held(std::string_view id) override {
        database_.refresh();
        return is_on_hold(std::string(id));
    }

    std::optional<bool> is_automatic(const sdk::Call&, std::string_view id) override {
        database_.refresh();
        return database_.is_automatic(std::string(id));
    }

    void set_manual(const sdk::Call& call, const Words& ids) override {
        Words words = {"/usr/bin/apt-mark", "manual", "--"};
        words.insert(words.end(), ids.begin(), ids.end());
        const posix::ProcessResult ran = change(call, manager_command(words));
        for (const std::string& id : ids)
            if (!find(id) || is_automatic(call, id) != false)
                throw failure_in(ran.output, apt_rules(), "mark " + id + " as wanted for itself")
                    .at("/automatic");
    }

    void set_hold(const sdk::Call& call, const Words& ids, bool hold) override {
        Words words = {"/usr/bin/apt-mark", hold ? "hold" : "unhold", "--"};
        words.insert(words.end(), ids.begin(), ids.end());
        const posix::ProcessResult ran = change(call, manager_command(words));
        for (const std::string& id : ids) {
            const auto now = find(id);
            if (!now || now->hold != hold)
                throw failure_in(ran.output, apt_rules(), (hold ? "hold " : "unhold ") + id);
        }
    }

    std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) override {
        return watch_dpkg(host, folder_, apt_folder_);
    }

  private:
    Words dpkg_options() const {
        if (replace_config_) return {"--force-confnew"};
        return {"--force-confdef", "--force-confold"};
    }

    Words apt_get(const Words& more) const {
        Words words = {"/usr/bin/apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0",
                       // We wait for the locks ourselves, so that the call can be cancelled.
                       "-o", "DPkg::Lock::Timeout=0", "-o", "APT::Get::AutomaticRemove=false", "-o",
                       "APT::Get::Show-Versions=false"};
        for (const std::string& option : dpkg_options())
            words.insert(words.end(), {"-o", "Dpkg::Options::=" + option});
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    // Others are neither removed nor, as simulate() has made sure, taken off their hold.
    Words change_words(const std::vector<Step>& steps) const {
        Words options = {"--allow-downgrades"}, ids;
        bool removes = false, held = false;
        for (const Step& step : steps) {
            removes = removes || !step.version;
            held = held || is_on_hold(step.id);
            ids.push_back(step.version ? step.id + "=" + *step.version : step.id + "-");
        }
        if (!removes) options.push_back("--no-remove");
        if (held) options.push_back("--allow-change-held-packages");
        options.insert(options.end(), {"install", "--"});
        options.insert(options.end(), ids.begin(), ids.end());
        return apt_get(options);
    }

    posix::Command prepared(Words words) const {
        return manager_command(std::move(words),
                               {replace_config_ ? "UCF_FORCE_CONFFNEW=1" : "UCF_FORCE_CONFFOLD=1"});
    }

    // The reports on descriptor 3 are for a real run only.
    posix::Command reporting(Words words) const {
        words.insert(words.begin() + 1, {"-o", "APT::Status-Fd=3"});
        posix::Command command = prepared(std::move(words));
        command.status_fd = true;
        return command;
    }

    // Writes nothing, neither a cache nor the planner's log.
    posix::Command simulation_command(Words words) const {
        words.insert(words.begin() + 1,
                     {"--simulate", "-o", "Dir::Log::Planner=", "-o", "Dir::Cache::pkgcache="});
        return prepared(std::move(words));
    }

    // Also of what is not there: apt then refuses to install it.
    bool is_on_hold(const std::string& id) const {
        const auto entry = database_.entry(id);
        return entry && entry->want == "hold";
    }

    // Waits again when another process took the lock first.
    posix::ProcessResult change(const sdk::Call& call, const posix::Command& command) {
        while (true) {
            posix::ProcessResult ran =
                transactions_.run(call, command, command.status_fd ? follow_apt() : nullptr);
            if (ran.exit_code == 0) return ran;
            const sdk::Failure failure = failure_in(ran.output, apt_rules(), "change packages");
            if (failure.status() != EK_E_BUSY) return ran;
            wait_to_retry(call, failure);
        }
    }

    posix::ProcessResult configure_all(const sdk::Call& call) {
        Words words = {"/usr/bin/dpkg", "--configure", "-a"};
        const Words options = dpkg_options();
        words.insert(words.begin() + 1, options.begin(), options.end());
        return change(call, prepared(std::move(words)));
    }

    // What configuring could not repair.
    void reinstall(const sdk::Call& call, const std::vector<Step>& steps, posix::ProcessResult& ran,
                   Words& held) {
        Words words = {"--no-remove", "--allow-change-held-packages", "--reinstall", "install",
                       "--"};
        const std::size_t fixed = words.size();
        for (const Step& step : steps) {
            const auto now = find(step.id);
            if (!step.repair || !now || now->condition != "half-installed") continue;
            words.push_back(step.id + "=" + *step.version);
            // apt does not name what it installs in the same version.
            if (now->hold) held.push_back(step.id);
        }
        if (words.size() > fixed) ran = change(call, reporting(apt_get(words)));
    }

    // dpkg takes packages that it unpacks off their hold. Which were on hold is what apt has read
    // under its lock: a hold that was undone while we waited for the lock stays undone.
    void restore_holds(const sdk::Call& call, const Words& held) {
        Words ids;
        for (const std::string& name : held) {
            const std::string id = database_.canonical(name);
            const auto now = find(id);
            if (now && !now->hold) ids.push_back(id);
        }
        if (!ids.empty()) set_hold(call, ids, true);
    }

    // The steps have succeeded, and something else has not.
    static void note_trouble(const sdk::Call& call, const posix::ProcessResult& ran,
                             const std::vector<StepError>& errors) {
        for (const StepError& error : errors)
            if (error) return;
        if (ran.exit_code == 0) return;
        const sdk::Failure failure =
            failure_in(ran.output, apt_rules(), "leave all packages in order");
        call.note(EK_SEV_WARNING, "", failure.what());
    }

    std::string folder_, apt_folder_;
    bool replace_config_;
    Database database_;
    Candidates candidates_;
    Transactions transactions_;
};

}  // namespace

std::unique_ptr<Backend> make_apt(const std::string& folder, const std::string& apt_folder,
                                  bool replace_config) {
    return std::make_unique<Apt>(folder, apt_folder, replace_config);
}

}  // namespace evenkeel::packages
