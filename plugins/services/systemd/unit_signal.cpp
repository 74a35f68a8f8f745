#include "plugins/services/systemd/unit_signal.hpp"

#include <string_view>

namespace evenkeel::services {

namespace {

int read_text(sd_bus_message* message, std::string& text) {
    const char* value = nullptr;
    const int result = sd_bus_message_read(message, "v", "s", &value);
    if (result > 0) text = value;
    return result;
}

int read_job(sd_bus_message* message, std::uint32_t& job) {
    const char* path = nullptr;
    return sd_bus_message_read(message, "v", "(uo)", &job, &path);
}

int read_property(sd_bus_message* message, UnitSignal& signal) {
    const char* name = nullptr;
    int result = sd_bus_message_read_basic(message, 's', &name);
    if (result <= 0) return result;
    const std::string_view property = name;
    if (property == "ActiveState") return read_text(message, signal.active_state);
    if (property == "SubState") return read_text(message, signal.sub_state);
    if (property == "Job") return read_job(message, signal.job);
    return sd_bus_message_skip(message, "v");
}

}  // namespace

std::optional<UnitSignal> parse_unit_signal(sd_bus_message* message) {
    UnitSignal signal;
    if (sd_bus_message_skip(message, "s") < 0) return std::nullopt;
    if (sd_bus_message_enter_container(message, 'a', "{sv}") < 0) return std::nullopt;
    int more = 0;
    while ((more = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        if (read_property(message, signal) < 0) return std::nullopt;
        if (sd_bus_message_exit_container(message) < 0) return std::nullopt;
    }
    if (more < 0) return std::nullopt;
    return signal;
}

std::optional<Phase> Transitions::on_properties(const std::string& id, const UnitSignal& signal) {
    if (signal.job != 0) return std::nullopt;
    std::pair<std::string, std::string> now(signal.active_state, signal.sub_state);
    std::pair<std::string, std::string>& last = last_[id];
    if (!signal.active_state.empty() && last == now) return std::nullopt;
    last = std::move(now);
    if (signal.active_state == "activating" || signal.active_state == "deactivating")
        return Phase::transition;
    return signal.active_state == "inactive" || signal.active_state == "failed" ? Phase::down
                                                                                : Phase::up;
}

}  // namespace evenkeel::services
