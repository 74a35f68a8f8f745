#include "plugins/services/systemd/names.hpp"

#include <cstddef>

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

std::optional<std::string> template_of(std::string_view unit) {
    const std::size_t at = unit.find('@');
    const std::size_t dot = unit.rfind('.');
    if (at == unit.npos || dot == unit.npos || dot <= at + 1) return std::nullopt;
    return std::string(unit.substr(0, at + 1)) + std::string(unit.substr(dot));
}

}  // namespace evenkeel::services
