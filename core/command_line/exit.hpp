#pragma once

// What the main of each daemon's program returns, subcommands included: a promise to scripts and to
// the units. `ek` has codes of its own.
namespace evenkeel {

inline constexpr int kExitDone = 0;     // done; of a check: all is as described
inline constexpr int kExitFailed = 1;   // of a check: something is damaged or cannot be judged
inline constexpr int kExitUsage = 2;    // line or configuration: systemd does not start it again
inline constexpr int kExitPending = 3;  // of a plan: changes are pending; of a check: drift
inline constexpr int kExitInUse = 4;    // another process has the store: it cannot be done now

}  // namespace evenkeel
