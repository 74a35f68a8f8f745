#include "plugins/accounts/fields.hpp"

#include <algorithm>
#include <cmath>

namespace evenkeel::accounts {

namespace {

constexpr std::size_t kNameMax = 32;

namespace json = sdk::json;

[[noreturn]] void refuse(const char* name, const std::string& why) {
    throw sdk::Failure(EK_E_INVALID, std::string(name) + " " + why).at("/" + std::string(name));
}

}  // namespace

bool is_name(std::string_view name) {
    const auto lower = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto inner = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; };
    if (name.empty() || name.size() > kNameMax || !lower(name.front())) return false;
    name.remove_prefix(1);
    if (!name.empty() && name.back() == '$') name.remove_suffix(1);
    return std::all_of(name.begin(), name.end(), inner);
}

void require_name(std::string_view name, const char* what) {
    if (is_name(name)) return;
    throw sdk::Failure(EK_E_INVALID, "this is no name of a " + std::string(what))
        .hint("lower-case letters, digits, _ and -, not a digit or - first, at most 32");
}

std::optional<std::int64_t> number_of(const json::Value& object, const char* name, std::int64_t min,
                                      std::int64_t max) {
    const json::Value* const value = json::find(object, name);
    if (!value) return std::nullopt;
    if (!value->IsNumber()) refuse(name, "is not a number");
    const double number = value->GetDouble();
    if (std::trunc(number) != number) refuse(name, "is not a whole number");
    if (number < static_cast<double>(min) || number > static_cast<double>(max))
        refuse(name, "is from " + std::to_string(min) + " to " + std::to_string(max));
    return static_cast<std::int64_t>(number);
}

std::optional<std::uint32_t> id_of(const json::Value& object, const char* name) {
    // The highest one means "none" to the system.
    const auto number = number_of(object, name, 0, 4294967294);
    if (!number) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

std::optional<bool> flag_of(const json::Value& object, const char* name) {
    if (!json::find(object, name)) return std::nullopt;
    return json::flag_of(object, name, false);
}

std::optional<std::vector<std::string>> names_of(const json::Value& object, const char* name) {
    const json::Value* const value = json::find(object, name);
    if (!value) return std::nullopt;
    if (!value->IsArray()) refuse(name, "is not an array of names");
    std::vector<std::string> names;
    for (const json::Value& item : value->GetArray()) {
        if (!item.IsString()) refuse(name, "is not an array of names");
        const std::string_view text = json::text(item);
        // In the files these separate names and fields.
        if (text.empty() || text.find_first_of(",:\n") != text.npos)
            throw sdk::Failure(EK_E_INVALID, "a name has no comma, colon or line break")
                .at(pointer_to(object, name, text));
        names.emplace_back(text);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::string pointer_to(const json::Value& object, const char* name, std::string_view item) {
    std::size_t index = 0;
    const json::Value* const array = json::find(object, name);
    for (const json::Value& each : array->GetArray()) {
        if (each.IsString() && json::text(each) == item) break;
        ++index;
    }
    return "/" + std::string(name) + "/" + std::to_string(index);
}

std::string to_json(const std::vector<std::string>& names) {
    std::string out = "[";
    for (const std::string& name : names) (out += out.size() > 1 ? "," : "") += sdk::quote(name);
    return out + "]";
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) (out += out.empty() ? "" : ",") += name;
    return out;
}

}  // namespace evenkeel::accounts
