#include "plugins/services/change.hpp"

namespace evenkeel::services {

namespace {

// True if unit files were changed. While a unit is masked, systemd does not tell whether it is
// enabled, so that this is looked at anew after it has been unmasked.
bool set_enabled(const Manager& manager, const Unit& now, bool wanted, bool unmasked) {
    const bool is = unmasked ? is_enabled(manager.look({now.name}).front()) : is_enabled(now);
    if (is == wanted) return false;
    if (wanted) {
        manager.enable(now.name);
    } else {
        manager.disable(now.name);
    }
    return true;
}

void change_files(const Manager& manager, const Unit& now, const Wanted& wanted,
                  sdk::Changes& changes) {
    const bool masking = changes.has("/masked");
    const bool unmasking = masking && !*wanted.masked;
    bool changed = masking;
    if (unmasking) {
        manager.unmask(now.name);
        changes.done("/masked");
    }
    if (wanted.enabled) changed = set_enabled(manager, now, *wanted.enabled, unmasking) || changed;
    if (masking && !unmasking) manager.mask(now.name);
    if (changed) manager.reload();
    changes.done("/masked");
    changes.done("/enabled");
}

void require_enabled(const Unit& after) {
    if (is_enabled(after)) return;
    throw sdk::Failure(EK_E_UNSUPPORTED, after.name + " cannot be enabled: its unit file is " +
                                             after.file_state + " afterwards too")
        .at("/enabled")
        .hint("leave enabled out");
}

void start(const Manager& manager, const Unit& now) {
    manager.reload_if_stale(now);
    manager.run_job("StartUnit", "start", now.name);
    const Unit after = manager.look({now.name}).front();
    if (is_running(after)) return;
    throw sdk::Failure(EK_E_CONFLICT, after.name + " was started and does not run: it is " +
                                          after.active_state + " (" + after.result + ")")
        .at("/running")
        .hint(
            "it ended by itself or a condition of its unit is not met; "
            "describe only enabled for what runs once");
}

}  // namespace

void bring_about(const Manager& manager, const Unit& now, const Wanted& wanted,
                 sdk::Changes& changes) {
    const bool run = changes.has("/running") && *wanted.running;
    if (changes.has("/running") && !run) {
        manager.run_job("StopUnit", "stop", now.name);
        changes.done("/running");
    }
    if (changes.has("/masked") || changes.has("/enabled")) {
        change_files(manager, now, wanted, changes);
        if (wanted.enabled == true) require_enabled(manager.look({now.name}).front());
    }
    if (run) start(manager, now);
}

}  // namespace evenkeel::services
