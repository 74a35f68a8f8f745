#include "plugins/services/watch.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "plugins/services/bus_failure.hpp"
#include "plugins/services/names.hpp"

namespace evenkeel::services {

namespace {

constexpr std::uint64_t kPatienceMinNs = 100'000'000;
constexpr std::uint64_t kPatienceMaxNs = 5'000'000'000;
// A wake-up takes no more than this many messages, so that other watches get their turn.
constexpr int kMessagesMax = 256;
constexpr const char* kUnitPath = "/org/freedesktop/systemd1/unit";

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
    char* raw = nullptr;
    if (path == nullptr || sd_bus_path_decode(path, kUnitPath, &raw) <= 0) return std::nullopt;
    const std::unique_ptr<char, decltype(&std::free)> name(raw, std::free);
    return id_of(name.get());
}

}  // namespace

// No exception may pass the library's frames.
template <ServiceWatch::Handler handler>
int ServiceWatch::call(sd_bus_message* message, void* self, sd_bus_error*) {
    auto& watch = *static_cast<ServiceWatch*>(self);
    try {
        (watch.*handler)(message);
    } catch (const std::exception&) {
        watch.broken_ = true;
    }
    return 0;
}

ServiceWatch::ServiceWatch(const sdk::WatchHost& host) : host_(host) {
    require_systemd();
    try_to_open();
    arm();
}

ServiceWatch::~ServiceWatch() {
    try {
        host_.timer(0);
        close();
    } catch (const sdk::Failure&) {
        // The host takes the descriptor out by itself when it is closed.
    }
}

void ServiceWatch::interest(std::string_view id, bool on) {
    unit_of(id);
    const std::string name(id);
    if (on) {
        ids_.insert(name);
        return;
    }
    ids_.erase(name);
    due_.forget(name);
    transitions_.forget(name);
}

void ServiceWatch::ready(int, std::uint32_t) {
    if (bus_) serve();
    if (broken_) close();
    if (!bus_ && sdk::now_ns() >= reopen_ns_) try_to_open();
    for (const std::string& id : due_.take(sdk::now_ns())) host_.changed(id);
    arm();
}

void ServiceWatch::try_to_open() {
    try {
        open();
    } catch (const sdk::Failure&) {
        close();
    }
}

void ServiceWatch::open() {
    bus_ = connect();
    match<&ServiceWatch::on_properties>(kPropertiesRule);
    match<&ServiceWatch::on_job_removed>(kJobRule);
    match<&ServiceWatch::on_files_changed>(kFilesRule);
    match<&ServiceWatch::on_reloading>(kReloadingRule);
    match<&ServiceWatch::on_owner_changed>(kOwnerRule);
    subscribe();
    fd_ = sd_bus_get_fd(bus_.get());
}

void ServiceWatch::close() {
    was_deaf_ = was_deaf_ || hears_;
    hears_ = false;
    if (fd_ >= 0) host_.fd(fd_, 0);
    fd_ = -1;
    bus_.reset();
    broken_ = false;
    patience_ns_ = std::clamp(patience_ns_ * 2, kPatienceMinNs, kPatienceMaxNs);
    reopen_ns_ = sdk::now_ns() + patience_ns_;
}

template <ServiceWatch::Handler handler>
void ServiceWatch::match(const char* rule) {
    const int result =
        sd_bus_add_match_async(bus_.get(), nullptr, rule, call<handler>, nullptr, this);
    if (result < 0) throw bus_lost(result);
}

void ServiceWatch::subscribe() {
    const int result =
        sd_bus_call_method_async(bus_.get(), nullptr, kSystemd, kManagerPath, kManagerInterface,
                                 "Subscribe", call<&ServiceWatch::on_subscribed>, this, "");
    if (result < 0) throw bus_lost(result);
}

void ServiceWatch::serve() {
    for (int messages = 0; messages < kMessagesMax && !broken_; ++messages) {
        const int result = sd_bus_process(bus_.get(), nullptr);
        if (result < 0) broken_ = true;
        if (result <= 0) return;
    }
}

void ServiceWatch::arm() {
    std::uint64_t next_ns = due_.next_ns();
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
        sooner(reopen_ns_);
    }
    host_.timer(next_ns);
}

// From here on nothing is missed; what happened before has to be looked for.
void ServiceWatch::on_subscribed(sd_bus_message* reply) {
    if (sd_bus_message_is_method_error(reply, nullptr) > 0 &&
        sd_bus_message_is_method_error(reply, "org.freedesktop.systemd1.AlreadySubscribed") <= 0) {
        broken_ = true;
        return;
    }
    patience_ns_ = 0;
    hears_ = true;
    if (std::exchange(was_deaf_, false)) return host_.missed();
    host_.rescan();
}

void ServiceWatch::on_properties(sd_bus_message* signal) {
    const auto id = id_at(sd_bus_message_get_path(signal));
    if (!id || ids_.count(*id) == 0) return;
    const auto heard = heard_from(signal);
    if (heard && heard->job != 0) host_.unsettled(*id);
    if (!heard) return due_.state(*id, Phase::up, sdk::now_ns());
    const auto phase = transitions_.on_properties(*id, *heard);
    if (phase) due_.state(*id, *phase, sdk::now_ns());
}

void ServiceWatch::on_job_removed(sd_bus_message* signal) {
    std::uint32_t number = 0;
    const char *path = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(signal, "uoss", &number, &path, &unit, &result) < 0) return;
    const auto id = id_of(unit);
    if (id && ids_.count(*id) != 0) due_.state(*id, Phase::up, sdk::now_ns());
}

void ServiceWatch::on_files_changed(sd_bus_message*) {
    touch_all();
}

void ServiceWatch::on_reloading(sd_bus_message* signal) {
    int begins = 0;
    if (sd_bus_message_read(signal, "b", &begins) >= 0 && begins == 0) touch_all();
}

// systemd went from the bus and came back: it does not know us any more.
void ServiceWatch::on_owner_changed(sd_bus_message* signal) {
    const char *name = nullptr, *before = nullptr, *after = nullptr;
    if (sd_bus_message_read(signal, "sss", &name, &before, &after) < 0) return;
    was_deaf_ = true;
    if (*after != '\0') subscribe();
}

void ServiceWatch::touch_all() {
    for (const std::string& id : ids_) due_.files(id, sdk::now_ns());
}

}  // namespace evenkeel::services
