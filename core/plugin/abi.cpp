#include "core/plugin/abi.hpp"

#include "core/base/text.hpp"

namespace evenkeel::plugin {
namespace {

constexpr std::size_t kRuleMost = 4096;

}  // namespace

bool is_status(ek_status status) {
    return status >= EK_OK && status <= EK_E_STALE;
}

Errc errc_of(ek_status status) {
    switch (status) {
        case EK_E_INVALID:
            return Errc::invalid;
        case EK_E_NOT_FOUND:
            return Errc::not_found;
        case EK_E_UNSUPPORTED:
            return Errc::unsupported;
        case EK_E_DENIED:
            return Errc::denied;
        case EK_E_BUSY:
            return Errc::busy;
        case EK_E_UNAVAILABLE:
            return Errc::unavailable;
        case EK_E_CONFLICT:
            return Errc::conflict;
        case EK_E_TIMEOUT:
            return Errc::timeout;
        case EK_E_CANCELLED:
            return Errc::cancelled;
        case EK_E_STALE:
            return Errc::stale;
        default:
            return Errc::internal;
    }
}

std::int32_t severity_of(std::int32_t severity) {
    return severity >= EK_SEV_DEBUG && severity <= EK_SEV_ERROR ? severity : EK_SEV_WARNING;
}

Error misbehaviour(std::string_view plugin, std::string_view rule) {
    // A rule may name what the plugin says of itself.
    return Error{Errc::internal, "plugin " + std::string(plugin) + " misbehaves: " +
                                     printable(head({rule.data(), rule.size()}, kRuleMost)) +
                                     "; report it to the plugin's author"};
}

std::vector<std::string> capability_names(std::uint64_t caps) {
    static constexpr std::pair<std::uint64_t, const char*> kNames[] = {
        {EK_CAP_LIST, "list"},          {EK_CAP_READ, "read"},       {EK_CAP_APPLY, "apply"},
        {EK_CAP_REMOVE, "remove"},      {EK_CAP_PLAN, "plan"},       {EK_CAP_COMPARE, "compare"},
        {EK_CAP_WATCH, "watch"},        {EK_CAP_UPGRADE, "upgrade"}, {EK_CAP_INVOKE, "invoke"},
        {EK_CAP_PARALLEL, "parallel"},  {EK_CAP_BATCH, "batch"},     {EK_CAP_DESCRIBE, "describe"},
        {EK_CAP_NORMALIZE, "normalize"}};
    std::vector<std::string> names;
    for (const auto& [capability, name] : kNames)
        if ((caps & capability) != 0) names.emplace_back(name);
    return names;
}

}  // namespace evenkeel::plugin
