#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <evenkeel/cpp/call.hpp>
#include <systemd/sd-bus.h>

namespace evenkeel::services {

// systemd's names on the bus.
inline constexpr const char* kSystemd = "org.freedesktop.systemd1";
inline constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
inline constexpr const char* kManagerInterface = "org.freedesktop.systemd1.Manager";
inline constexpr const char* kUnitsPath = "/org/freedesktop/systemd1/unit";
inline constexpr const char* kUnitInterface = "org.freedesktop.systemd1.Unit";
inline constexpr const char* kServiceInterface = "org.freedesktop.systemd1.Service";
inline constexpr const char* kPropertiesInterface = "org.freedesktop.DBus.Properties";

struct Release {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using BusHandle = std::unique_ptr<sd_bus, Release>;
using Slot = std::unique_ptr<sd_bus_slot, Release>;
using Message = std::unique_ptr<sd_bus_message, Release>;

// A connection to the system bus, not yet authenticated. Throws EK_E_UNAVAILABLE when nothing
// listens there. [any]
BusHandle connect();

// Throws EK_E_INTERNAL for a negative result of building or reading a message.
int require(int result);

// The D-Bus object of a unit, and the other way round; nothing for a path of something else.
std::string unit_path(const std::string& unit);
std::optional<std::string> unit_at(const char* path);

// The reply to a method call, possibly still to come. Must not move until it has arrived.
class Pending {
  public:
    Pending() = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    bool arrived() const { return reply_ != nullptr; }
    bool failed() const;
    // The reply; if it is an error, throws "cannot <action>: <its words>".
    sd_bus_message* reply(const std::string& action) const;

  private:
    friend class Bus;
    static int on_reply(sd_bus_message* message, void* self, sd_bus_error*);

    Message reply_;
    Slot slot_;
};

// One connection for the length of one call of the host: to open one costs less than to keep one
// healthy, and no signals pile up on it between calls. Waits no longer than the call may. [worker]
class Bus {
  public:
    // Throws as connect().
    explicit Bus(const sdk::Call& call) : call_(call), bus_(connect()) {}

    sd_bus* get() const { return bus_.get(); }
    // A call of a method of systemd's manager, whose arguments are still to be appended.
    Message manager_call(const char* method) const;
    void get_property(const std::string& path, const char* interface, const char* property,
                      Pending& pending) const;
    void get_all(const std::string& path, const char* interface, Pending& pending) const;
    void send(const Message& message, Pending& pending) const;
    // Sends it and waits for the reply, as Pending::reply().
    Message call(const Message& message, const std::string& action) const;
    // Handles messages until `done`; throws when the call is cancelled or past its deadline, or the
    // connection breaks.
    void serve_until(const std::function<bool()>& done) const;

  private:
    void wait() const;

    const sdk::Call& call_;
    BusHandle bus_;
};

}  // namespace evenkeel::services
