#include "plugins/services/systemd/properties.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include <systemd/sd-id128.h>

#include "plugins/services/systemd/bus.hpp"

namespace evenkeel::services {

namespace {

template <typename T>
const T& found(const std::map<std::string, T>& values, const std::string& name) {
    static const T kNothing{};
    const auto at = values.find(name);
    return at == values.end() ? kNothing : at->second;
}

template <typename T>
std::uint64_t read_number(sd_bus_message* reply, char type) {
    T value{};
    require(sd_bus_message_read_basic(reply, type, &value));
    return static_cast<std::uint64_t>(value);
}

std::vector<std::string> read_list(sd_bus_message* reply) {
    std::vector<std::string> items;
    require(sd_bus_message_enter_container(reply, 'a', "s"));
    const char* item = nullptr;
    while (require(sd_bus_message_read_basic(reply, 's', &item)) > 0) items.emplace_back(item);
    require(sd_bus_message_exit_container(reply));
    return items;
}

std::string read_id(sd_bus_message* reply) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    require(sd_bus_message_read_array(reply, 'y', &bytes, &size));
    sd_id128_t id{};
    if (size != sizeof(id.bytes)) return {};
    std::copy_n(static_cast<const std::uint8_t*>(bytes), size, id.bytes);
    char text[SD_ID128_STRING_MAX];
    return sd_id128_to_string(id, text);
}

}  // namespace

void Properties::read_value(sd_bus_message* reply, const std::string& name) {
    const char* type = nullptr;
    require(sd_bus_message_peek_type(reply, nullptr, &type));
    const std::string contents = type != nullptr ? type : "";
    const std::string known[] = {"s", "o", "as", "b", "u", "t", "ay"};
    if (std::find(std::begin(known), std::end(known), contents) == std::end(known)) {
        require(sd_bus_message_skip(reply, "v"));
        return;
    }
    require(sd_bus_message_enter_container(reply, 'v', contents.c_str()));
    if (contents == "s" || contents == "o") {
        const char* value = nullptr;
        require(sd_bus_message_read_basic(reply, contents.front(), &value));
        texts[name] = value;
    } else if (contents == "as") {
        lists[name] = read_list(reply);
    } else if (contents == "ay") {
        texts[name] = read_id(reply);
    } else if (contents == "b") {
        numbers[name] = read_number<int>(reply, 'b');
    } else if (contents == "u") {
        numbers[name] = read_number<std::uint32_t>(reply, 'u');
    } else {
        numbers[name] = read_number<std::uint64_t>(reply, 't');
    }
    require(sd_bus_message_exit_container(reply));
}

Properties Properties::of(sd_bus_message* reply) {
    Properties properties;
    require(sd_bus_message_enter_container(reply, 'a', "{sv}"));
    while (require(sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
        const char* name = nullptr;
        require(sd_bus_message_read_basic(reply, 's', &name));
        properties.read_value(reply, name);
        require(sd_bus_message_exit_container(reply));
    }
    return properties;
}

const std::string& Properties::text(const std::string& name) const {
    return found(texts, name);
}

const std::vector<std::string>& Properties::list(const std::string& name) const {
    return found(lists, name);
}

std::uint64_t Properties::number(const std::string& name) const {
    return found(numbers, name);
}

}  // namespace evenkeel::services
