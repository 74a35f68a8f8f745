#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/plugin.hpp>

namespace evenkeel::packages {

// One package that is on the machine.
struct Package {
    std::string id;  // canonical: `name`, or `name:arch` if that is not the machine's own
    std::string version;
    std::string condition;  // "installed", "half-configured", ...
    bool hold = false;

    bool fully_installed() const { return condition == "installed"; }
};

// What the lists of available packages say about one id.
struct Available {
    std::optional<std::string> candidate;  // none: no source has it
    bool stale = false;                    // the lists are missing or older than a week
};

// One package to change: to be installed in this version, or removed.
struct Step {
    std::string id;
    std::optional<std::string> version;  // exact; none: to be removed
    bool repair = false;                 // it is there in this version, half installed
};

// Why a step failed; nothing if it succeeded.
using StepError = std::optional<sdk::Failure>;

// Watches the database of packages on the host's reactor. [reactor]
class Watcher {
  public:
    virtual ~Watcher() = default;
    virtual void interest(std::string_view id, bool on) = 0;
    virtual void ready(int fd, std::uint32_t revents) = 0;
};

// The package manager of this machine. Ids given to it are canonical. All but watch() [worker].
// Failures are sdk::Failure, name the package and say why.
class Backend {
  public:
    virtual ~Backend() = default;

    virtual std::string_view name() const = 0;  // of the program: "apt", "dnf"
    // Whether Settings::replace_config means anything to it.
    virtual bool can_replace_config() const { return false; }

    // Throws EK_E_INVALID, with the canonical id, unless `id` is one.
    virtual void require_canonical(std::string_view id) = 0;

    // From the database itself, no program is run. Nothing if it is not on the machine.
    virtual std::optional<Package> find(std::string_view id) = 0;
    virtual std::vector<Package> all() = 0;
    // In the order of `ids`; may run a program when the lists have changed since last time.
    virtual std::vector<Available> available(const sdk::Call& call,
                                             const std::vector<std::string>& ids) = 0;

    // Throws the reason if these cannot be applied together; changes nothing.
    virtual void simulate(const sdk::Call& call, const std::vector<Step>& steps) = 0;

    // Applies them by as few runs of the package manager as it takes; the results are in the order
    // of `steps`. Waits for its lock until the deadline, then throws EK_E_BUSY. Past its beginning
    // a transaction is neither cancelled nor killed: at the deadline this throws EK_E_TIMEOUT, and
    // the transaction goes on by itself.
    virtual std::vector<StepError> apply(const sdk::Call& call, const std::vector<Step>& steps) = 0;

    // Whether others may neither install, upgrade nor remove it. It need not be there.
    virtual bool is_held(std::string_view id) = 0;
    // Throws EK_E_UNSUPPORTED where packages cannot be held.
    virtual void require_hold() {}
    // All of them are on the machine.
    virtual void set_hold(const sdk::Call& call, const std::vector<std::string>& ids,
                          bool hold) = 0;

    // Whether it is there only because others need it, and goes when they do; nothing: it is not
    // there, or that cannot be said. May run a program when that has changed since last time.
    virtual std::optional<bool> is_automatic(const sdk::Call& call, std::string_view id) = 0;
    // Marks packages that are automatic as wanted for themselves.
    virtual void set_manual(const sdk::Call& call, const std::vector<std::string>& ids) = 0;

    virtual std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) = 0;
};

// The collection's configuration.
struct Settings {
    std::string backend;          // "apt", "dnf", "yum", "zypper"; empty: detect_backend()
    bool replace_config = false;  // configuration files that were changed are not kept
    std::string folder = "/tmp";  // for scratch files of the programs that are run
};

// The name of the back end for what is found below `root` ("/" but in tests); throws
// EK_E_UNAVAILABLE saying what was looked for if there is none.
std::string detect_backend(const std::string& root);

// That back end, or the one that `settings` say. Throws as detect_backend().
std::unique_ptr<Backend> choose_backend(const std::string& root, const Settings& settings);

// Whether the step has nothing left to do when `now` is what is installed.
bool is_done(const std::optional<Package>& now, const Step& step);

}  // namespace evenkeel::packages
