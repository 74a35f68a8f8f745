#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {

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

Error misbehaviour(std::string_view plugin, std::string_view rule) {
    return Error{Errc::internal, "plugin " + std::string(plugin) + " misbehaves: " +
                                     std::string(rule) + "; report it to the plugin's author"};
}

}  // namespace evenkeel::plugin
