#include "plugins/services/systemd/bus.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <system_error>

#include <poll.h>

#include "plugins/services/systemd/bus_failure.hpp"

namespace evenkeel::services {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kNsPerUs = 1'000;
constexpr int kWaitMaxMs = 60'000;

}  // namespace

BusHandle connect() {
    sd_bus* bus = nullptr;
    const int result = sd_bus_open_system(&bus);
    if (result < 0) throw bus_lost(result);
    return BusHandle(bus);
}

int require(int result) {
    if (result >= 0) return result;
    throw sdk::Failure(EK_E_INTERNAL, "a message of systemd is not as it should be: " +
                                          std::generic_category().message(-result));
}

std::string unit_path(const std::string& unit) {
    char* path = nullptr;
    require(sd_bus_path_encode(kUnitsPath, unit.c_str(), &path));
    const std::unique_ptr<char, decltype(&std::free)> owned(path, std::free);
    return path;
}

std::optional<std::string> unit_at(const char* path) {
    char* unit = nullptr;
    if (path == nullptr || sd_bus_path_decode(path, kUnitsPath, &unit) <= 0) return std::nullopt;
    const std::unique_ptr<char, decltype(&std::free)> owned(unit, std::free);
    return unit;
}

int Pending::on_reply(sd_bus_message* message, void* self, sd_bus_error*) {
    static_cast<Pending*>(self)->reply_.reset(sd_bus_message_ref(message));
    return 0;
}

bool Pending::failed() const {
    return sd_bus_message_is_method_error(reply_.get(), nullptr) > 0;
}

sd_bus_message* Pending::reply(const std::string& action) const {
    if (failed()) throw bus_failure(*sd_bus_message_get_error(reply_.get()), action);
    return reply_.get();
}

Message Bus::manager_call(const char* method) const {
    sd_bus_message* message = nullptr;
    require(sd_bus_message_new_method_call(bus_.get(), &message, kSystemd, kManagerPath,
                                           kManagerInterface, method));
    return Message(message);
}

void Bus::get_property(const std::string& path, const char* interface, const char* property,
                       Pending& pending) const {
    sd_bus_message* raw = nullptr;
    require(sd_bus_message_new_method_call(bus_.get(), &raw, kSystemd, path.c_str(),
                                           kPropertiesInterface, "Get"));
    const Message message(raw);
    require(sd_bus_message_append(raw, "ss", interface, property));
    send(message, pending);
}

void Bus::get_all(const std::string& path, const char* interface, Pending& pending) const {
    sd_bus_message* raw = nullptr;
    require(sd_bus_message_new_method_call(bus_.get(), &raw, kSystemd, path.c_str(),
                                           kPropertiesInterface, "GetAll"));
    const Message message(raw);
    require(sd_bus_message_append(raw, "s", interface));
    send(message, pending);
}

void Bus::send(const Message& message, Pending& pending) const {
    sd_bus_slot* slot = nullptr;
    // The call's own deadline is the limit.
    const int result = sd_bus_call_async(bus_.get(), &slot, message.get(), Pending::on_reply,
                                         &pending, UINT64_MAX);
    if (result < 0) throw bus_lost(result);
    pending.slot_.reset(slot);
}

Message Bus::call(const Message& message, const std::string& action) const {
    Pending pending;
    send(message, pending);
    serve_until([&] { return pending.arrived(); });
    return Message(sd_bus_message_ref(pending.reply(action)));
}

void Bus::serve_until(const std::function<bool()>& done) const {
    while (!done()) {
        call_.check();
        const int result = sd_bus_process(bus_.get(), nullptr);
        if (result < 0) throw bus_lost(result);
        if (result == 0) wait();
    }
}

void Bus::wait() const {
    std::uint64_t until_us = UINT64_MAX;
    sd_bus_get_timeout(bus_.get(), &until_us);
    std::uint64_t until_ns = until_us > UINT64_MAX / kNsPerUs ? UINT64_MAX : until_us * kNsPerUs;
    if (call_.deadline_ns() != 0) until_ns = std::min(until_ns, call_.deadline_ns());
    const std::uint64_t now_ns = sdk::now_ns();
    const std::uint64_t left_ms = until_ns > now_ns ? (until_ns - now_ns) / kNsPerMs + 1 : 0;
    const int events = sd_bus_get_events(bus_.get());
    if (events < 0) throw bus_lost(events);
    pollfd fds[] = {{sd_bus_get_fd(bus_.get()), static_cast<short>(events), 0},
                    {call_.cancel_fd(), POLLIN, 0}};
    const int limit_ms = static_cast<int>(std::min<std::uint64_t>(left_ms, kWaitMaxMs));
    if (::poll(fds, 2, limit_ms) < 0 && errno != EINTR) throw bus_lost(errno);
}

}  // namespace evenkeel::services
