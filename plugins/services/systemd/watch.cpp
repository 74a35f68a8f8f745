#include "plugins/services/systemd/watch.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "plugins/services/systemd/bus_failure.hpp"
#include "plugins/services/systemd/names.hpp"

namespace evenkeel::services {

namespace {

constexpr std::uint64_t kBackoffMinNs = 100'000'000;
constexpr std::uint64_t kBackoffMaxNs = 5'000'000'000;
// Of each wake-up, so that other watches get their turn.
constexpr int kMessagesMax = 256;

constexpr const char* kPropertiesRule =
    "type='signal',sender='org.freedesktop.systemd1',"
    "path_namespace='/org/freedesktop/systemd1/unit',"
    "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
    "arg0='org.freedesktop.systemd1.Unit'";
constexpr const char* kJobRule =
    "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
    "interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";
constexpr const char* kFilesRule =
    "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
    "interface='org.freedesktop.systemd1.Manager',member='UnitFilesChanged'";
constexpr const char* kReloadingRule =
    "type='signal',sender='org.freedesktop.systemd1',path='/org/freedesktop/systemd1',"
    "interface='org.freedesktop.systemd1.Manager',member='Reloading'";
constexpr const char* kOwnerRule =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
    "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.systemd1'";

std::optional<std::string> id_at(const char* path) {
    const auto unit = unit_at(path);
    return unit ? id_of(*unit) : std::nullopt;
}

}  // namespace

// No exception may pass the library's frames.
template <SystemdWatch::Handler handler>
int SystemdWatch::call(sd_bus_message* message, void* self, sd_bus_error*) {
    auto& watch = *static_cast<SystemdWatch*>(self);
    try {
        (watch.*handler)(message);
    } catch (const std::exception&) {
        watch.broken_ = true;
    }
    return 0;
}

SystemdWatch::SystemdWatch(const sdk::WatchHost& host) : host_(host) {
    try_to_connect();
    arm();
}

SystemdWatch::~SystemdWatch() {
    try {
        host_.timer(0);
        close();
    } catch (const sdk::Failure&) {
        // The host drops the descriptor by itself when it is closed.
    }
}

void SystemdWatch::interest(const std::string& id, bool on) {
    if (on) {
        ids_.insert(id);
        return;
    }
    ids_.erase(id);
    schedule_.forget(id);
    transitions_.forget(id);
}

void SystemdWatch::ready(int, std::uint32_t) {
    if (bus_) handle_messages();
    if (broken_) close();
    if (!bus_ && sdk::now_ns() >= reconnect_ns_) try_to_connect();
    for (const std::string& id : schedule_.take_due(sdk::now_ns())) host_.changed(id);
    arm();
}

void SystemdWatch::try_to_connect() {
    try {
        connect_and_subscribe();
    } catch (const sdk::Failure&) {
        close();
    }
}

void SystemdWatch::connect_and_subscribe() {
    bus_ = connect();
    match<&SystemdWatch::on_properties>(kPropertiesRule);
    match<&SystemdWatch::on_job_removed>(kJobRule);
    match<&SystemdWatch::on_files_changed>(kFilesRule);
    match<&SystemdWatch::on_reloading>(kReloadingRule);
    match<&SystemdWatch::on_owner_changed>(kOwnerRule);
    subscribe();
    fd_ = sd_bus_get_fd(bus_.get());
}

void SystemdWatch::close() {
    signals_lost_ = signals_lost_ || subscribed_;
    subscribed_ = false;
    if (fd_ >= 0) host_.fd(fd_, 0);
    fd_ = -1;
    bus_.reset();
    broken_ = false;
    backoff_ns_ = std::clamp(backoff_ns_ * 2, kBackoffMinNs, kBackoffMaxNs);
    reconnect_ns_ = sdk::now_ns() + backoff_ns_;
}

template <SystemdWatch::Handler handler>
void SystemdWatch::match(const char* rule) {
    const int result =
        sd_bus_add_match_async(bus_.get(), nullptr, rule, call<handler>, nullptr, this);
    if (result < 0) throw bus_lost(result);
}

void SystemdWatch::subscribe() {
    const int result =
        sd_bus_call_method_async(bus_.get(), nullptr, kSystemd, kManagerPath, kManagerInterface,
                                 "Subscribe", call<&SystemdWatch::on_subscribed>, this, "");
    if (result < 0) throw bus_lost(result);
}

void SystemdWatch::handle_messages() {
    for (int messages = 0; messages < kMessagesMax && !broken_; ++messages) {
        const int result = sd_bus_process(bus_.get(), nullptr);
        if (result < 0) broken_ = true;
        if (result <= 0) return;
    }
}

void SystemdWatch::arm() {
    std::uint64_t next_ns = schedule_.next_ns();
    const auto sooner = [&](std::uint64_t at_ns) {
        next_ns = next_ns == 0 ? at_ns : std::min(next_ns, at_ns);
    };
    if (bus_) {
        const int events = sd_bus_get_events(bus_.get());
        if (events >= 0) host_.fd(fd_, static_cast<std::uint32_t>(events));
        std::uint64_t until_us = UINT64_MAX;
        sd_bus_get_timeout(bus_.get(), &until_us);
        // 0 is "now" there and "never" here.
        if (until_us < UINT64_MAX / 1000) sooner(std::max<std::uint64_t>(until_us * 1000, 1));
    } else {
        sooner(reconnect_ns_);
    }
    host_.timer(next_ns);
}

// From here on no signal is missed; what has changed before is found by a rescan.
void SystemdWatch::on_subscribed(sd_bus_message* reply) {
    if (sd_bus_message_is_method_error(reply, nullptr) > 0 &&
        sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.AlreadySubscribed") <= 0) {
        broken_ = true;
        return;
    }
    backoff_ns_ = 0;
    subscribed_ = true;
    if (std::exchange(signals_lost_, false)) return host_.missed();
    host_.rescan();
}

void SystemdWatch::on_properties(sd_bus_message* signal) {
    const auto id = id_at(sd_bus_message_get_path(signal));
    if (!id || ids_.count(*id) == 0) return;
    const auto parsed = parse_unit_signal(signal);
    if (!parsed) return schedule_.state_changed(*id, Phase::up, sdk::now_ns());
    if (parsed->job != 0) host_.unsettled(*id);
    const auto phase = transitions_.on_properties(*id, *parsed);
    if (phase) schedule_.state_changed(*id, *phase, sdk::now_ns());
}

void SystemdWatch::on_job_removed(sd_bus_message* signal) {
    std::uint32_t number = 0;
    const char *path = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(signal, "uoss", &number, &path, &unit, &result) < 0) return;
    const auto id = id_of(unit);
    if (id && ids_.count(*id) != 0) schedule_.state_changed(*id, Phase::up, sdk::now_ns());
}

void SystemdWatch::on_files_changed(sd_bus_message*) {
    schedule_all();
}

void SystemdWatch::on_reloading(sd_bus_message* signal) {
    int begins = 0;
    if (sd_bus_message_read(signal, "b", &begins) >= 0 && begins == 0) schedule_all();
}

// systemd left the bus and came back: it has lost our subscription.
void SystemdWatch::on_owner_changed(sd_bus_message* signal) {
    const char *name = nullptr, *before = nullptr, *after = nullptr;
    if (sd_bus_message_read(signal, "sss", &name, &before, &after) < 0) return;
    signals_lost_ = true;
    if (*after != '\0') subscribe();
}

void SystemdWatch::schedule_all() {
    for (const std::string& id : ids_) schedule_.files_changed(id, sdk::now_ns());
}

}  // namespace evenkeel::services
