#pragma once

namespace evenkeel {

// Programs that hold secrets in memory leave no core file of it, whatever the system's limits and
// core_pattern say, and no other program of the same user may read it. Programs that this one
// starts are not concerned, but for the limit. Once, at the start.
void forbid_core_dumps();

}  // namespace evenkeel
