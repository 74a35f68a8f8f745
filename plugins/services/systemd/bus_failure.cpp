#include "plugins/services/systemd/bus_failure.hpp"

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace evenkeel::services {

namespace {

constexpr std::uint32_t kSoonMs = 1'000;

struct Known {
    std::string_view name;
    ek_status status;
    const char* hint;  // nullptr: systemd's words say it all
};

constexpr Known kKnown[] = {
    {"org.freedesktop.systemd1.NoSuchUnit", EK_E_NOT_FOUND, "install what brings it first"},
    {"org.freedesktop.systemd1.NoSuchUnitFile", EK_E_NOT_FOUND, "install what brings it first"},
    {"org.freedesktop.DBus.Error.FileNotFound", EK_E_NOT_FOUND, "install what brings it first"},
    {"org.freedesktop.systemd1.UnitMasked", EK_E_CONFLICT, "unmask it: \"masked\":false"},
    {"org.freedesktop.systemd1.JobTypeNotApplicable", EK_E_UNSUPPORTED,
     "its unit has no command for that"},
    {"org.freedesktop.systemd1.OnlyByDependency", EK_E_UNSUPPORTED,
     "its unit refuses to be started or stopped by hand"},
    {"org.freedesktop.systemd1.UnitGenerated", EK_E_UNSUPPORTED, "its unit file is generated"},
    {"org.freedesktop.systemd1.TransactionIsDestructive", EK_E_BUSY,
     "another job is under way that contradicts it; try again when that has ended"},
    {"org.freedesktop.systemd1.TransactionJobsConflicting", EK_E_CONFLICT,
     "units that conflict with each other are asked for"},
    {"org.freedesktop.systemd1.TransactionOrderIsCyclic", EK_E_CONFLICT,
     "its units wait for each other; systemd-analyze verify names them"},
    {"org.freedesktop.systemd1.LoadFailed", EK_E_CONFLICT,
     "systemd-analyze verify says what is wrong with the unit"},
    {"org.freedesktop.systemd1.BadUnitSetting", EK_E_CONFLICT,
     "systemd-analyze verify says what is wrong with the unit"},
    {"org.freedesktop.systemd1.ShuttingDown", EK_E_UNAVAILABLE, "the machine is going down"},
    {"org.freedesktop.systemd1.UnitExists", EK_E_CONFLICT,
     "a file of that name stands in /etc/systemd/system; move it away first"},
    {"org.freedesktop.DBus.Error.AccessDenied", EK_E_DENIED, "the agent has to run as root"},
    {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", EK_E_DENIED,
     "the agent has to run as root"},
    {"org.freedesktop.DBus.Error.LimitsExceeded", EK_E_UNAVAILABLE, "try again in a while"},
    {"org.freedesktop.DBus.Error.NoReply", EK_E_UNAVAILABLE,
     "the bus or systemd started anew meanwhile; try again"},
    {"org.freedesktop.DBus.Error.Disconnected", EK_E_UNAVAILABLE,
     "the bus started anew meanwhile; try again"},
    {"org.freedesktop.DBus.Error.ServiceUnknown", EK_E_UNAVAILABLE,
     "systemd is not on the bus; try again"},
    {"org.freedesktop.DBus.Error.NameHasNoOwner", EK_E_UNAVAILABLE,
     "systemd is not on the bus; try again"},
    {"org.freedesktop.DBus.Error.Timeout", EK_E_TIMEOUT, "systemd did not answer in time"},
};

}  // namespace

sdk::Failure bus_failure(const sd_bus_error& error, const std::string& action) {
    const std::string_view name = error.name ? error.name : "";
    std::string words = "cannot " + action + ": ";
    words += error.message ? std::string_view(error.message) : name;
    for (const Known& known : kKnown) {
        if (known.name != name) continue;
        sdk::Failure failure(known.status, std::move(words));
        if (known.hint) failure.hint(known.hint);
        if (known.status == EK_E_BUSY) failure.retry_after_ms(kSoonMs);
        return failure;
    }
    return {EK_E_INTERNAL, std::move(words)};
}

sdk::Failure bus_lost(int error_number) {
    const int positive = error_number < 0 ? -error_number : error_number;
    sdk::Failure failure(
        positive == EACCES || positive == EPERM ? EK_E_DENIED : EK_E_UNAVAILABLE,
        "the system bus is out of reach: " + std::generic_category().message(positive));
    failure.hint("systemctl status dbus says why; try again when it runs").retry_after_ms(kSoonMs);
    return failure;
}

}  // namespace evenkeel::services
