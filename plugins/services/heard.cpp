#include "plugins/services/heard.hpp"

#include <string_view>

namespace evenkeel::services {

namespace {

int read_text(sd_bus_message* signal, std::string& text) {
    const char* value = nullptr;
    const int result = sd_bus_message_read(signal, "v", "s", &value);
    if (result > 0) text = value;
    return result;
}

int read_job(sd_bus_message* signal, std::uint32_t& job) {
    const char* path = nullptr;
    return sd_bus_message_read(signal, "v", "(uo)", &job, &path);
}

int read_property(sd_bus_message* signal, Heard& heard) {
    const char* name = nullptr;
    int result = sd_bus_message_read_basic(signal, 's', &name);
    if (result <= 0) return result;
    const std::string_view property = name;
    if (property == "ActiveState") return read_text(signal, heard.active_state);
    if (property == "SubState") return read_text(signal, heard.sub_state);
    if (property == "Job") return read_job(signal, heard.job);
    return sd_bus_message_skip(signal, "v");
}

}  // namespace

std::optional<Heard> heard_from(sd_bus_message* signal) {
    Heard heard;
    if (sd_bus_message_skip(signal, "s") < 0) return std::nullopt;
    if (sd_bus_message_enter_container(signal, 'a', "{sv}") < 0) return std::nullopt;
    int more = 0;
    while ((more = sd_bus_message_enter_container(signal, 'e', "sv")) > 0) {
        if (read_property(signal, heard) < 0) return std::nullopt;
        if (sd_bus_message_exit_container(signal) < 0) return std::nullopt;
    }
    if (more < 0) return std::nullopt;
    return heard;
}

std::optional<Phase> Transitions::on_properties(const std::string& id, const Heard& heard) {
    if (heard.job != 0) return std::nullopt;
    std::pair<std::string, std::string> now(heard.active_state, heard.sub_state);
    std::pair<std::string, std::string>& last = last_[id];
    if (!heard.active_state.empty() && last == now) return std::nullopt;
    last = std::move(now);
    if (heard.active_state == "activating" || heard.active_state == "deactivating")
        return Phase::transit;
    return heard.active_state == "inactive" || heard.active_state == "failed" ? Phase::down
                                                                              : Phase::up;
}

}  // namespace evenkeel::services
