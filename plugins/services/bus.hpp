#pragma once

#include <functional>
#include <memory>
#include <string>

#include <evenkeel/cpp/call.hpp>
#include <systemd/sd-bus.h>

namespace evenkeel::services {

// systemd's names on the bus.
inline constexpr const char* kSystemd = "org.freedesktop.systemd1";
inline constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
inline constexpr const char* kManagerInterface = "org.freedesktop.systemd1.Manager";
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

// Throws EK_E_UNAVAILABLE when systemd does not run this machine. [any]
void require_systemd();

// A connection to the system bus that is being made. Throws as require_systemd(), and
// EK_E_UNAVAILABLE when nothing listens at the bus. [any]
BusHandle connect();

// Throws EK_E_INTERNAL for a negative result of building or reading a message.
int require(int result);

// A call's answer on its way. Stays where it is until it has arrived.
class Pending {
  public:
    Pending() = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    bool arrived() const { return reply_ != nullptr; }
    bool failed() const;
    // The answer; throws what the error says, as "cannot <doing>: ...".
    sd_bus_message* reply(const std::string& doing) const;

  private:
    friend class Bus;
    static int on_reply(sd_bus_message* message, void* self, sd_bus_error*);

    Message reply_;
    Slot slot_;
};

// One connection for the length of one call of the host: to open it costs less than to look after
// it, and nothing piles up on it afterwards. Waits no longer than the call may. [worker]
class Bus {
  public:
    // Throws as connect().
    explicit Bus(const sdk::Call& call) : call_(call), bus_(connect()) {}

    sd_bus* get() const { return bus_.get(); }
    // A call of a method of systemd's manager, to be filled in.
    Message manager_call(const char* method) const;
    // Asks for a property of a unit.
    void ask_property(const std::string& path, const char* interface, const char* property,
                      Pending& pending) const;
    void send(const Message& message, Pending& pending) const;
    // Sends it and waits for the answer; "cannot <doing>: ..." when that is an error.
    Message ask(const Message& message, const std::string& doing) const;
    // Serves the connection until `done`; throws when the call is cancelled or late, or the
    // connection breaks.
    void serve_until(const std::function<bool()>& done) const;

  private:
    void wait() const;

    const sdk::Call& call_;
    BusHandle bus_;
};

}  // namespace evenkeel::services
