#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "plugins/services/backend.hpp"
#include "plugins/services/systemd/bus.hpp"
#include "plugins/services/systemd/check_schedule.hpp"
#include "plugins/services/systemd/unit_signal.hpp"

namespace evenkeel::services {

// Receives systemd's signals on a connection of its own and hints at services of interest once they
// have settled: when a job has ended, and without a job as CheckSchedule says. Reconnects by itself
// and has everything read again then. [reactor]
class SystemdWatch : public Watcher {
  public:
    explicit SystemdWatch(const sdk::WatchHost& host);
    ~SystemdWatch() override;
    SystemdWatch(const SystemdWatch&) = delete;
    SystemdWatch& operator=(const SystemdWatch&) = delete;

    void interest(const std::string& id, bool on) override;
    void ready(int fd, std::uint32_t revents) override;

  private:
    using Handler = void (SystemdWatch::*)(sd_bus_message*);
    template <Handler handler>
    static int call(sd_bus_message* message, void* self, sd_bus_error*);

    void connect_and_subscribe();
    void close();
    void try_to_connect();
    void subscribe();
    template <Handler handler>
    void match(const char* rule);
    void handle_messages();
    void arm();

    void on_subscribed(sd_bus_message* reply);
    void on_properties(sd_bus_message* signal);
    void on_job_removed(sd_bus_message* signal);
    void on_files_changed(sd_bus_message* signal);
    void on_reloading(sd_bus_message* signal);
    void on_owner_changed(sd_bus_message* signal);
    void schedule_all();

    sdk::WatchHost host_;
    std::set<std::string> ids_;
    CheckSchedule schedule_;
    Transitions transitions_;
    BusHandle bus_;
    int fd_ = -1;
    bool subscribed_ = false;
    bool signals_lost_ = false;       // it had been subscribed, and then was not for a while
    bool broken_ = false;             // to be closed once nothing of it is on the stack
    std::uint64_t reconnect_ns_ = 0;  // CLOCK_MONOTONIC; 0: it is connected
    std::uint64_t backoff_ns_ = 0;    // until the next attempt to connect
};

}  // namespace evenkeel::services
