#include "plugins/services/systemd/names.hpp"

namespace evenkeel::services {

namespace {

constexpr std::string_view kSuffix = ".service";

}  // namespace

std::string unit_of(std::string_view id) {
    return std::string(id) + std::string(kSuffix);
}

std::optional<std::string> id_of(std::string_view unit) {
    if (!unit.ends_with(kSuffix) || unit.size() == kSuffix.size()) return std::nullopt;
    const std::string_view id = unit.substr(0, unit.size() - kSuffix.size());
    if (id.back() == '@' || id.ends_with(kSuffix)) return std::nullopt;
    return std::string(id);
}

}  // namespace evenkeel::services
