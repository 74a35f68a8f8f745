#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/changes.hpp>
#include <evenkeel/cpp/host.hpp>

namespace evenkeel::services {

struct Desired;

// One service as its manager reports it.
struct Service {
    std::string id;  // its own, also when it was queried by an alias
    bool exists = false;
    bool has_file = false;  // else it is only a mask, or what still runs without its unit file
    bool running = false;   // or being started
    bool enabled = false;
    bool masked = false;
    // Why it cannot be enabled or started, unless that is because it is masked.
    std::optional<sdk::Failure> cannot_enable, cannot_start;
    std::string state;                       // as JSON
    std::optional<std::string> description;  // as JSON; none for one that is not to be described
};

enum class Action { start, stop, restart, reload };

// What one call has to do with the service manager: it waits no longer than the call may, and
// throws sdk::Failure with the manager's own words. Ids are those that require_id() accepts.
// [worker]
class Session {
  public:
    virtual ~Session() = default;

    // One for each id, in that order.
    virtual std::vector<Service> query(const std::vector<std::string>& ids) = 0;
    // The same for one, that also knows whether it has a unit file.
    virtual Service query_one(const std::string& id) = 0;
    // Of every service that exists; aliases and templates are none. May take 100 ms and more.
    virtual std::vector<std::string> ids() = 0;
    // The service once no start of it is under way any more; EK_E_BUSY if one still is at the
    // deadline.
    virtual Service query_settled(const std::string& id) = 0;

    // Ends what is left of a service without a unit file: stops it, takes its mask away.
    virtual void end_rest(const Service& now) = 0;
    // The service that a unit of another kind starts: "backup" for "backup.timer".
    virtual std::optional<std::string> started_by(const std::string& unit) = 0;

    // Adds what making `changes` does beyond the service, to its links and to other services, or
    // throws why they cannot be made.
    virtual void add_side_effects(const Service& now, const Desired& desired,
                                  sdk::Changes& changes) = 0;
    // Makes `changes`, which came from difference(now, desired), and marks each as it is done.
    // Throws EK_E_CONFLICT if it has not become as desired.
    virtual void apply(const Service& now, const Desired& desired, sdk::Changes& changes) = 0;
    // Returns when it is done.
    virtual void invoke(const std::string& id, Action action) = 0;
};

// Hints at services of interest that have changed. [reactor]
class Watcher {
  public:
    virtual ~Watcher() = default;
    virtual void interest(const std::string& id, bool on) = 0;
    virtual void ready(int fd, std::uint32_t revents) = 0;
};

// A service manager. Lives as long as the program. [any]
class Backend {
  public:
    virtual ~Backend() = default;
    // Both throw EK_E_UNAVAILABLE when the manager cannot be reached.
    virtual std::unique_ptr<Session> open(const sdk::Call& call) const = 0;
    virtual std::unique_ptr<Watcher> watch(const sdk::WatchHost& host) const = 0;
};

// The manager of this machine's services; throws EK_E_UNAVAILABLE if it is none that is known.
// Cheap. [any]
const Backend& detect_backend();

}  // namespace evenkeel::services
