#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include <evenkeel/cpp/host.hpp>

#include "plugins/services/bus.hpp"
#include "plugins/services/due.hpp"
#include "plugins/services/heard.hpp"

namespace evenkeel::services {

// Listens to systemd on a connection of its own and hints at described services once they have
// settled: when a job has ended, and without a job as Due says. Comes back by itself when the bus
// has been away, and has everything read again then. [reactor]
class ServiceWatch {
  public:
    // Throws EK_E_UNAVAILABLE where systemd does not run the machine.
    explicit ServiceWatch(const sdk::WatchHost& host);
    ~ServiceWatch();
    ServiceWatch(const ServiceWatch&) = delete;
    ServiceWatch& operator=(const ServiceWatch&) = delete;

    // Throws EK_E_INVALID for what is no id.
    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    using Handler = void (ServiceWatch::*)(sd_bus_message*);
    template <Handler handler>
    static int call(sd_bus_message* message, void* self, sd_bus_error*);

    void open();
    void close();
    void try_to_open();
    void subscribe();
    template <Handler handler>
    void match(const char* rule);
    void serve();
    void arm();

    void on_subscribed(sd_bus_message* reply);
    void on_properties(sd_bus_message* signal);
    void on_job_removed(sd_bus_message* signal);
    void on_files_changed(sd_bus_message* signal);
    void on_reloading(sd_bus_message* signal);
    void on_owner_changed(sd_bus_message* signal);
    void touch_all();

    sdk::WatchHost host_;
    std::set<std::string> ids_;
    Due due_;
    Transitions transitions_;
    BusHandle bus_;
    int fd_ = -1;
    bool hears_ = false;             // subscribed
    bool was_deaf_ = false;          // and was not for a while
    bool broken_ = false;            // to be closed once nothing of it is on the stack
    std::uint64_t reopen_ns_ = 0;    // CLOCK_MONOTONIC; 0: it is open
    std::uint64_t patience_ns_ = 0;  // until the next try
};

}  // namespace evenkeel::services
