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

    bool sound() const { return condition == "installed"; }
};

// What the lists of available packages say about one id.
struct Available {
    std::optional<std::string> candidate;  // none: no source has it
    bool stale = false;                    // the lists are missing or older than a week
};

// One thing to bring about: the package is there in this version, or it is not there.
struct Step {
    std::string id;
    std::optional<std::string> version;  // exact; none: it goes
    bool heal = false;                   // it is there in this version, half installed
};

// Why a step did not come about; nothing if it did.
using Outcome = std::optional<sdk::Failure>;

// Watches the database of packages on the host's reactor. [reactor]
class Watcher {
  public:
    virtual ~Watcher() = default;
    virtual void interest(std::string_view id, bool on) = 0;
    virtual void ready(int fd, std::uint32_t revents) = 0;
};

// The package manager in charge of this machine. Ids given to it are canonical. All but watch()
// [worker]. A failure names the package and says why, as sdk::Failure.
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

    // Throws what would keep these from being brought about together; changes nothing.
    virtual void rehearse(const sdk::Call& call, const std::vector<Step>& steps) = 0;

    // Brings them about, in the order of `steps`, by as few runs of the package manager as it
    // takes. Waits for its lock until the deadline, then throws EK_E_BUSY. Past its beginning a
    // transaction is neither cancelled nor killed: at the deadline this throws EK_E_TIMEOUT and it
    // goes on by itself.
    virtual std::vector<Outcome> carry_out(const sdk::Call& call,
                                           const std::vector<Step>& steps) = 0;

    // Throws EK_E_UNSUPPORTED where packages cannot be held.
    virtual void require_hold() {}
    // All of them are on the machine.
    virtual void set_hold(const sdk::Call& call, const std::vector<std::string>& ids,
                          bool hold) = 0;

    virtual std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) = 0;
};

// What an administrator may say about it.
struct Settings {
    std::string backend;          // "apt", "dnf", "yum", "zypper"; empty: what is in charge
    bool replace_config = false;  // of a package's changed configuration files: not kept
    std::string folder = "/tmp";  // where programs have what they write and nobody reads
};

// The name of the back end for what is found below `root` ("/" but in tests); throws
// EK_E_UNAVAILABLE saying what was looked for if there is none.
std::string in_charge(const std::string& root);

// That back end, or the one that `settings` say. Throws as in_charge().
std::unique_ptr<Backend> choose_backend(const std::string& root, const Settings& settings);

// Whether the machine is as the step wants it, when `now` is what is there.
bool came_about(const std::optional<Package>& now, const Step& step);

}  // namespace evenkeel::packages
