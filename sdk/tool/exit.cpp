#include "sdk/tool/exit.hpp"

#include <cstdio>

#include "core/base/text.hpp"

namespace evenkeel::tool {

Exit exit_of(Errc code) {
    switch (code) {
        case Errc::not_found:
            return Exit::not_found;
        case Errc::conflict:
            return Exit::conflict;
        case Errc::timeout:
            return Exit::timeout;
        case Errc::cancelled:
            return Exit::interrupted;
        default:
            return Exit::failed;
    }
}

Exit fail_with(const Error& error, Exit exit) {
    std::fprintf(stderr, "ek-plugin: %s\n", printable(error.what).c_str());
    return exit;
}

Exit fail_with(const Error& error) {
    return fail_with(error, exit_of(error.code));
}

}  // namespace evenkeel::tool
