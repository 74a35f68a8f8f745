#include "plugins/services/systemd/jobs.hpp"

#include <cerrno>
#include <cstdint>
#include <new>

#include "plugins/services/systemd/bus_failure.hpp"

namespace evenkeel::services {

Jobs::Jobs(const Bus& bus) : bus_(bus) {
    sd_bus_slot* slot = nullptr;
    const int result =
        sd_bus_match_signal_async(bus.get(), &slot, kSystemd, kManagerPath, kManagerInterface,
                                  "JobRemoved", on_removed, nullptr, this);
    if (result < 0) throw bus_lost(result);
    slot_.reset(slot);
    bus.send(bus.manager_call("Subscribe"), subscribed_);
}

int Jobs::on_removed(sd_bus_message* message, void* self, sd_bus_error*) {
    auto& jobs = *static_cast<Jobs*>(self);
    std::uint32_t number = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(message, "uoss", &number, &path, &unit, &result) < 0) return 0;
    try {
        jobs.results_[path] = result;
        ++jobs.ended_[unit];
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
    return 0;
}

std::string Jobs::result_of(const std::string& job) const {
    bus_.serve_until([&] { return results_.count(job) != 0; });
    return results_.at(job);
}

int Jobs::ended(const std::string& unit) const {
    const auto known = ended_.find(unit);
    return known == ended_.end() ? 0 : known->second;
}

void Jobs::wait_for_more(const std::string& unit, int count) const {
    bus_.serve_until([&] { return ended(unit) > count; });
}

}  // namespace evenkeel::services
