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

    // Throws EK_E_INVALID, with the canonical id, unless `id` is one.
    virtual void require_canonical(std::string_view id) = 0;

    // From the database itself, no program is run. Nothing if it is not on the machine.
    virtual std::optional<Package> find(std::string_view id) = 0;
    virtual std::vector<Package> all() = 0;
    // In the order of `ids`; may run a program when the lists have changed since last time.
    virtual std::vector<Available> available(const sdk::Call& call,
                                             const std::vector<std::string>& ids) = 0;

    // Throws what would keep install() or remove() from being done; changes nothing.
    virtual void rehearse_install(const sdk::Call& call, const std::string& id,
                                  const std::string& version) = 0;
    virtual void rehearse_remove(const sdk::Call& call, const std::string& id) = 0;

    // Waits for the package manager's lock until the deadline, then EK_E_BUSY. Past its beginning a
    // transaction is neither cancelled nor killed: at the deadline these throw EK_E_TIMEOUT and it
    // goes on by itself.
    virtual void install(const sdk::Call& call, const std::string& id,
                         const std::string& version) = 0;
    virtual void remove(const sdk::Call& call, const std::string& id) = 0;
    // Finishes what an interrupted or failed transaction left behind.
    virtual void heal(const sdk::Call& call, const std::string& id) = 0;
    virtual void set_hold(const sdk::Call& call, const std::string& id, bool hold) = 0;

    virtual std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) = 0;
};

// The back end for what is found below `root` ("/" but in tests); throws EK_E_UNAVAILABLE saying
// what was looked for if there is none.
std::unique_ptr<Backend> choose_backend(const std::string& root);

}  // namespace evenkeel::packages
