#include "core/base/core_dumps.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace evenkeel {

void forbid_core_dumps() {
    // A pipe in core_pattern gets a dump whatever the limit is: so both.
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace evenkeel
