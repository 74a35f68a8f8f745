#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/text.hpp"
#include "core/json/json.hpp"

// Whatever comes, the gate refuses it or lets a value in that reads back as itself.
namespace {

namespace json = evenkeel::json;

void need(bool holds) {
    if (!holds) std::abort();
}

void check_text(const json::Value& value) {
    if (value.is_string()) need(evenkeel::is_utf8(value.as_string()));
    if (value.is_array()) {
        for (const json::Value& item : value.as_array()) check_text(item);
    }
    if (value.is_object()) {
        for (const auto& [name, member] : value.as_object()) {
            need(evenkeel::is_utf8(name));
            need(value.find(name) == &member);
            check_text(member);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto value = json::parse(text, {.bytes = 1 << 16});
    if (!value) return 0;
    check_text(*value);
    const auto again = json::parse(json::write(*value), {.bytes = 1 << 20});
    need(again.has_value() && *again == *value);
    need(json::write_canonical(*again) == json::write_canonical(*value));
    const auto pretty = json::parse(json::write_pretty(*value), {.bytes = 1 << 24});
    need(pretty.has_value() && *pretty == *value);
    return 0;
}
