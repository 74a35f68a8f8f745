#pragma once

#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/packages/messages.hpp"
#include "plugins/packages/watch.hpp"
#include "plugins/posix/process.hpp"

namespace evenkeel::packages {

// One version of a package that a source has.
struct RpmOffer {
    std::string name;
    std::string version;  // as in Installed
    std::string architecture;
    int priority = 99;  // of its source; the lowest is chosen, whatever the version
};

// A package for the tool to install or remove: all three are known.
struct Target {
    std::string name;
    std::string version;
    std::string architecture;
    bool held = false;  // it is on hold, which the tool is to ignore
};

// What is to be done in one transaction.
struct Job {
    std::vector<Target> install;  // anew, up or down
    std::vector<Target> remove;
};

// What would be done, by package names.
struct RpmSimulation {
    std::vector<std::string> changed;  // installed, up or down
    std::vector<std::string> lowered;  // of these, to a lower version
    std::vector<std::string> removed;
};

// Runs a program that changes packages once no other does, and returns its output.
using RunChange = std::function<std::string(const posix::Command& command)>;

// The program that installs and removes packages on a machine of rpm. [worker]
class Tool {
  public:
    virtual ~Tool() = default;
    virtual std::string_view name() const = 0;

    // All that the lists have of these names, without a refresh; throws EK_E_UNAVAILABLE if they
    // cannot be read.
    virtual std::vector<RpmOffer> offers(const sdk::Call& call,
                                         const std::vector<std::string>& names) = 0;
    // Changes when the lists do, or below `root` ("/" but in tests) any of the files by which the
    // tool chooses among them.
    virtual std::string lists_stamp(const std::string& root) const = 0;
    virtual std::time_t lists_time() const = 0;  // when they were last refreshed; 0: never

    // Throws the reason if it cannot be done.
    virtual RpmSimulation simulate(const sdk::Call& call, const Job& job) = 0;
    // The runs that do it, in order. They refresh no list.
    virtual std::vector<posix::Command> commands(const Job& job) = 0;
    // The run that reinstalls it in the same version.
    virtual posix::Command reinstall_command(const Target& target) = 0;
    // Of a package that provides one of these, several versions may be installed side by side.
    virtual std::vector<std::string> multi_version_capabilities() const = 0;
    // From one line of a run's output: the number of a package and of how many; 0 if it has none.
    virtual std::pair<int, int> progress_in(std::string_view line) const = 0;
    virtual const Rules& rules() const = 0;
    virtual bool is_busy(
        const posix::ProcessResult& ran) const = 0;  // another process holds its lock

    // The patterns of the names that are on hold.
    virtual std::vector<std::string> holds() const = 0;
    virtual void require_hold() const = 0;  // throws EK_E_UNSUPPORTED where it cannot hold
    // Whether a hold names a version, so that it has to be renewed for another one.
    virtual bool holds_versions() const = 0;
    virtual posix::Command hold_command(const std::vector<std::string>& names, bool hold) const = 0;
    virtual Watched::Folder hold_folder() const = 0;

    // Whether an installed package is there only because others need it; nothing: that cannot be
    // said here. May run a program when these marks have changed since last time.
    virtual std::optional<bool> is_automatic(const sdk::Call& call, const std::string& name,
                                             const std::string& architecture) = 0;
    // Marks these, which are installed, as wanted for themselves; returns what a program said.
    virtual std::string set_manual(const sdk::Call& call, const std::vector<Target>& targets,
                                   const RunChange& run) = 0;
    // Differs whenever the mark of this name may; runs no program. [any thread]
    virtual std::string mark_stamp(const std::string& name) const = 0;
    virtual Watched::Folder mark_folder() const = 0;
};

// dnf, and yum where that is a name of dnf. `program` is "dnf" or "yum". `folder` is for
// their scratch files.
std::unique_ptr<Tool> make_dnf(const std::string& program, const std::string& folder);
std::unique_ptr<Tool> make_zypper(const std::string& folder);

// The names on hold in dnf's list of locked versions, and in zypper's list of locks. Pure.
std::vector<std::string> parse_versionlock(std::string_view text);
std::vector<std::string> parse_zypper_locks(std::string_view text);

// What `dnf --assumeno` and `zypper --xmlout --dry-run` print. Pure.
RpmSimulation parse_dnf_summary(std::string_view output);
RpmSimulation parse_zypper_summary(std::string_view output);

// Of `zypper --xmlout search -s`, and the priorities in that of `repos`. Pure.
std::vector<RpmOffer> parse_zypper_search(std::string_view output,
                                          const std::map<std::string, int>& priorities);
std::map<std::string, int> parse_zypper_repos(std::string_view output);

}  // namespace evenkeel::packages
