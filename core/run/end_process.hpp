#pragma once

namespace evenkeel::run {

// The last that main() calls: returns `code`, but where a thread of some Lane was left behind in
// its task it ends the process at once, as that thread may still use what exit() destroys.
int end_process(int code);

}  // namespace evenkeel::run
