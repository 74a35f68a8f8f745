#include "plugins/packages/rpm/rpm.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fnmatch.h>

#include "plugins/packages/command.hpp"
#include "plugins/packages/rpm/database.hpp"
#include "plugins/packages/text.hpp"
#include "plugins/packages/transaction.hpp"

namespace evenkeel::packages {

namespace {

using Words = std::vector<std::string>;

constexpr std::time_t kStaleSeconds = 7 * 24 * 3600;
constexpr const char* kLock = "/.rpm.lock";

// zypper runs rpm once for each package, so that rpm's own lock is free in between.
FindLockHolder rpm_lock_holder(const std::string& folder) {
    return [lock = std::make_shared<LockFile>(folder + kLock)] {
        for (const char* path : {"/run/zypp.pid", "/var/lib/dnf/rpmdb_lock.pid", "/run/yum.pid"})
            if (const auto pid = pid_in(path)) return pid;
        return lock->holder();
    };
}

bool is_on_hold(const Words& holds, const std::string& name) {
    return std::any_of(holds.begin(), holds.end(), [&](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
    });
}

std::string action_text(const Step& step) {
    return step.version ? "install " + step.id + " " + *step.version : "remove " + step.id;
}

std::string action_text(const std::vector<Step>& steps) {
    std::string text;
    for (const Step& step : steps) text += (text.empty() ? "" : ", ") + action_text(step);
    return text;
}

std::string name_of(const std::string& id) {
    return id.substr(0, id.find(':'));
}

bool contains(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// The line in which a run says that a script of this package has failed. rpm installs the package
// all the same, and does not record the failure.
std::optional<std::string> failed_script(const std::string& output, const Target& target) {
    const std::string package = "(" + target.name + "-";
    for (const std::string_view line : lines_of(output))
        if (line.find("scriptlet failed") != line.npos && line.find(package) != line.npos)
            return std::string(line);
    return std::nullopt;
}

class Rpm : public Backend {
  public:
    explicit Rpm(std::unique_ptr<Tool> tool)
        : tool_(std::move(tool)),
          lock_(database_.folder() + kLock),
          transactions_(rpm_lock_holder(database_.folder()), "rpm") {}

    std::string_view name() const override { return tool_->name(); }

    void require_canonical(std::string_view id) override {
        const std::string canonical = database_.canonical(id);
        if (canonical != id)
            throw sdk::Failure(EK_E_INVALID,
                               "the canonical id of " + std::string(id) + " is " + canonical);
    }

    std::optional<Package> find(std::string_view id) override {
        const auto found = database_.find(std::string(id));
        if (!found) return std::nullopt;
        return package_of(*found, tool_->holds());
    }

    std::vector<Package> all() override {
        const Words holds = tool_->holds();
        std::vector<Package> all;
        for (const Installed& each : database_.all()) all.push_back(package_of(each, holds));
        return all;
    }

    std::vector<Available> available(const sdk::Call& call, const Words& ids) override {
        load_offers(call, ids);
        const bool stale = tool_->lists_time() + kStaleSeconds < std::time(nullptr);
        std::vector<Available> all;
        for (const std::string& id : ids) {
            const RpmOffer* const best = best_offer(id);
            const auto now = database_.find(id);
            if (!best) {
                all.push_back({std::nullopt, stale});
            } else {
                const bool newer = now && database_.compare(now->version, best->version) > 0;
                all.push_back({newer ? now->version : best->version, stale});
            }
        }
        return all;
    }

    void simulate(const sdk::Call& call, const std::vector<Step>& steps) override {
        const Job job = job_of(call, steps);
        const RpmSimulation simulation =
            naming_steps(steps, [&] { return tool_->simulate(call, job); });
        Words installed, removed;
        for (const Target& target : job.install) installed.push_back(target.name);
        for (const Target& target : job.remove) removed.push_back(target.name);
        refuse(simulation.removed, removed, steps, "these would go too", false);
        refuse(simulation.lowered, installed, steps, "these would be lowered", false);
        refuse(simulation.changed, installed, steps, "these would change, which are on hold", true);
    }

    std::vector<StepError> apply(const sdk::Call& call, const std::vector<Step>& steps) override {
        std::string output = finish_upgrades(call, steps);
        std::vector<Step> changes;
        for (const Step& step : steps)
            if (!step.repair) changes.push_back(step);
        const Job job = job_of(call, changes);
        bool well = true;
        for (const posix::Command& command : tool_->commands(job)) {
            const posix::ProcessResult ran = change(call, command, true);
            output += ran.output;
            well = ran.exit_code == 0;
            if (!well) break;
        }
        restore_holds(call, job);
        std::vector<StepError> errors;
        for (const Step& step : steps) errors.push_back(error_of(step, output));
        if (!well && std::none_of(errors.begin(), errors.end(),
                                  [](const StepError& error) { return error.has_value(); }))
            call.note(EK_SEV_WARNING, "",
                      failure_in(output, tool_->rules(), "leave all packages in order").what());
        return errors;
    }

    bool is_held(std::string_view id) override {
        return is_on_hold(tool_->holds(), name_of(std::string(id)));
    }
    void require_hold() override { tool_->require_hold(); }

    void set_hold(const sdk::Call& call, const Words& ids, bool hold) override {
        tool_->require_hold();
        Words names;
        for (const std::string& id : ids) names.push_back(name_of(id));
        const posix::ProcessResult ran = change(call, tool_->hold_command(names, hold), false);
        const Words holds = tool_->holds();
        for (const std::string& name : names)
            if (is_on_hold(holds, name) != hold)
                throw failure_in(ran.output, tool_->rules(), (hold ? "hold " : "unhold ") + name)
                    .at("/hold");
    }

    std::optional<bool> is_automatic(const sdk::Call& call, std::string_view id) override {
        const auto found = database_.find(std::string(id));
        if (!found) return std::nullopt;
        return tool_->is_automatic(call, found->name, found->architecture);
    }

    void set_manual(const sdk::Call& call, const Words& ids) override {
        std::vector<Target> targets;
        for (const std::string& id : ids)
            if (const auto found = database_.find(id))
                targets.push_back({found->name, found->version, found->architecture});
        const std::string output = tool_->set_manual(
            call, targets,
            [&](const posix::Command& command) { return change(call, command, false).output; });
        for (const std::string& id : ids)
            if (is_automatic(call, id) != false)
                throw failure_in(output, tool_->rules(), "mark " + id + " as wanted for itself")
                    .at("/automatic");
    }

    std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) override {
        Watched watched;
        // rpm opens its lock at the beginning of each run and closes it at the end; readers do not
        // open it.
        watched.folders = {
            {database_.folder(), {".rpm.lock"}, {}}, tool_->hold_folder(), tool_->mark_folder()};
        watched.find_holder = rpm_lock_holder(database_.folder());
        watched.fingerprint = [tool = tool_,
                               database = std::make_shared<RpmDatabase>()](const std::string& id) {
            const auto found = database->find(id);
            if (!found) return std::string();
            std::string all =
                found->version + " " + found->architecture + " " + tool->mark_stamp(found->name);
            for (const std::string& older : found->older) all += " " + older;
            return all + (is_on_hold(tool->holds(), found->name) ? " hold" : "");
        };
        return std::make_unique<DatabaseWatch>(host, std::move(watched));
    }

  private:
    Package package_of(const Installed& found, const Words& holds) {
        return {database_.id_of(found), found.version,
                is_half_upgraded(found) ? "half-upgraded" : "installed",
                is_on_hold(holds, found.name)};
    }

    // An upgrade installs the new version beside the old one, which it removes at its end.
    bool is_half_upgraded(const Installed& found) {
        return !found.older.empty() &&
               !database_.provides(found.name, tool_->multi_version_capabilities());
    }

    // Finishes upgrades that were killed: removes the old versions, and reinstalls the new one,
    // since its scripts may not have run. Returns the outputs.
    std::string finish_upgrades(const sdk::Call& call, const std::vector<Step>& steps) {
        std::string output;
        for (const Step& step : steps) {
            const auto found = database_.find(step.id);
            if (!found || !is_half_upgraded(*found)) continue;
            Words words = {"/usr/bin/rpm", "--erase", "--"};
            words.insert(words.end(), found->older.begin(), found->older.end());
            // rpm waits for its lock by itself.
            output += transactions_.run(call, manager_command(words), follower()).output;
            if (!step.repair || !is_done(find(step.id), step)) continue;
            load_offers(call, {step.id});
            if (offer_of(step))
                output += change(call, tool_->reinstall_command(target_of(step)), true).output;
            else
                call.note(EK_SEV_WARNING, "",
                          "no source has " + step.id + " " + *step.version +
                              " any more: what its upgrade did not come to was not made up for");
        }
        return output;
    }

    // Loads what the lists have of these ids, once for each until the lists change.
    void load_offers(const sdk::Call& call, const Words& ids) {
        if (std::string now = tool_->lists_stamp("/"); now != seen_) {
            offers_.clear();
            seen_ = std::move(now);
        }
        Words names;
        for (const std::string& id : ids)
            if (const std::string name = name_of(id);
                offers_.find(name) == offers_.end() && !contains(names, name))
                names.push_back(name);
        if (names.empty()) return;
        const auto found = tool_->offers(call, names);
        for (const std::string& name : names) offers_[name];
        for (const RpmOffer& offer : found)
            if (const auto at = offers_.find(offer.name); at != offers_.end())
                at->second.push_back(offer);
        for (const std::string& name : names)
            std::stable_sort(offers_[name].begin(), offers_[name].end(),
                             [&](const RpmOffer& a, const RpmOffer& b) {
                                 return database_.compare(a.version, b.version) < 0;
                             });
    }

    bool fits(const RpmOffer& offer, const std::string& id) const {
        return database_.id_of({offer.name, offer.version, offer.architecture, {}}) == id;
    }

    const RpmOffer* best_offer(const std::string& id) const {
        const RpmOffer* best = nullptr;
        for (const RpmOffer& offer : offers_.at(name_of(id))) {
            if (!fits(offer, id)) continue;
            const bool better = !best || offer.priority < best->priority ||
                                (offer.priority == best->priority &&
                                 database_.compare(best->version, offer.version) < 0);
            if (better) best = &offer;
        }
        return best;
    }

    const RpmOffer* offer_of(const Step& step) const {
        for (const RpmOffer& offer : offers_.at(name_of(step.id)))
            if (fits(offer, step.id) && offer.version == *step.version) return &offer;
        return nullptr;
    }

    Target target_of(const Step& step) {
        const auto now = database_.find(step.id);
        const std::string name = name_of(step.id);
        const bool held = is_on_hold(tool_->holds(), name);
        if (!step.version) {
            if (now) return {name, now->version, now->architecture, held};
            throw sdk::Failure(EK_E_NOT_FOUND, step.id + " is not on this machine");
        }
        if (const RpmOffer* const offer = offer_of(step))
            return {name, offer->version, offer->architecture, held};
        std::string offered;
        for (const RpmOffer& offer : offers_.at(name))
            if (fits(offer, step.id) && offered.find(offer.version) == offered.npos)
                offered += (offered.empty() ? "" : ", ") + offer.version;
        throw sdk::Failure(EK_E_NOT_FOUND,
                           "no source of this machine has " + step.id + " " + *step.version)
            .at("/version")
            .hint("they have " + offered);
    }

    Job job_of(const sdk::Call& call, const std::vector<Step>& steps) {
        Words wanted;
        for (const Step& step : steps)
            if (step.version) wanted.push_back(step.id);
        load_offers(call, wanted);
        Job job;
        for (const Step& step : steps)
            (step.version ? job.install : job.remove).push_back(target_of(step));
        return job;
    }

    // Runs `work`; names the steps in its failure.
    template <typename Work>
    RpmSimulation naming_steps(const std::vector<Step>& steps, Work&& work) {
        try {
            return work();
        } catch (const sdk::Failure& failure) {
            std::string words = failure.what();
            if (const auto at = words.find("cannot do it"); at == 0)
                words.replace(0, 12, "cannot " + action_text(steps));
            const ek_diag diagnostic = failure.diagnostic();
            throw sdk::Failure(failure.status(), words)
                .at(std::string(sdk::view(diagnostic.path)))
                .hint(std::string(sdk::view(diagnostic.detail)))
                .retry_after_ms(diagnostic.retry_after_ms);
        }
    }

    // Throws if `names` has others than `asked`.
    void refuse(const Words& names, const Words& asked, const std::vector<Step>& steps,
                const char* why, bool only_held) {
        const Words holds = only_held ? tool_->holds() : Words();
        std::string others;
        for (const std::string& name : names)
            if (!contains(asked, name) &&
                (!only_held || (is_on_hold(holds, name) && database_.find(name))))
                others += (others.empty() ? "" : ", ") + name;
        if (!others.empty())
            throw sdk::Failure(EK_E_CONFLICT,
                               "to " + action_text(steps) + ", " + why + ": " + others)
                .hint("describe them first");
    }

    // Waits again when another process took the lock first.
    posix::ProcessResult change(const sdk::Call& call, const posix::Command& command, bool follow) {
        while (true) {
            posix::ProcessResult ran =
                transactions_.run(call, command, follow ? follower() : nullptr);
            if (!tool_->is_busy(ran)) return ran;
            wait_to_retry(call, failure_in(ran.output, tool_->rules(), "change packages"));
        }
    }

    // It has begun when a process that was started for it takes rpm's lock.
    Follow follower() {
        auto rest = std::make_shared<std::string>();
        return [this, rest](posix::Process& process, const sdk::Call& call) {
            *rest += process.new_output();
            for (auto end = rest->find('\n'); end != rest->npos; end = rest->find('\n')) {
                const std::string_view line = std::string_view(*rest).substr(0, end);
                const auto [at, of] = tool_->progress_in(line);
                if (of > 0 && at <= of)
                    call.progress(static_cast<std::uint32_t>(1000LL * at / of), line);
                rest->erase(0, end + 1);
            }
            return lock_.holder().has_value();
        };
    }

    // Renews the holds of what has a new version, and drops those of what was removed. The run has
    // not touched the holds: one that was undone meanwhile stays undone.
    void restore_holds(const sdk::Call& call, const Job& job) {
        const Words holds = tool_->holds();
        Words present, gone;
        for (const auto* targets : {&job.install, &job.remove})
            for (const Target& target : *targets)
                if (target.held && is_on_hold(holds, target.name))
                    (targets == &job.install ? present : gone).push_back(target.name);
        if (!tool_->holds_versions()) present.clear();
        gone.insert(gone.end(), present.begin(), present.end());
        if (!gone.empty()) change(call, tool_->hold_command(gone, false), false);
        if (!present.empty()) change(call, tool_->hold_command(present, true), false);
        const Words now = tool_->holds();
        for (const std::string& name : present)
            if (!is_on_hold(now, name))
                call.note(EK_SEV_WARNING, "/hold",
                          name + " was on hold and is not any more: its lock could not be renewed");
    }

    StepError error_of(const Step& step, const std::string& output) {
        const auto now = find(step.id);
        const Target target{name_of(step.id), {}, {}};
        if (!is_done(now, step)) return failure_in(output, tool_->rules(), action_text(step));
        if (const auto line = failed_script(output, target))
            return sdk::Failure(EK_E_INTERNAL,
                                action_text(step) + " is done, but a script of it failed: " + *line)
                .hint(tail_of(output));
        return std::nullopt;
    }

    std::shared_ptr<Tool> tool_;  // shared with the watch
    RpmDatabase database_;
    LockFile lock_;
    Transactions transactions_;
    std::string seen_;                                     // what the stamp of the lists said
    std::map<std::string, std::vector<RpmOffer>> offers_;  // by name
};

}  // namespace

std::unique_ptr<Backend> make_rpm(std::unique_ptr<Tool> tool) {
    return std::make_unique<Rpm>(std::move(tool));
}

}  // namespace evenkeel::packages
