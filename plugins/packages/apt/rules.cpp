#include "plugins/packages/apt/rules.hpp"

namespace evenkeel::packages {

const Rules& apt_rules() {
    static const Rules rules = {

        {"Unable to locate package", EK_E_NOT_FOUND},
        {"has no installation candidate", EK_E_NOT_FOUND},
        {"was not found", EK_E_NOT_FOUND},
        {"Could not get lock", EK_E_BUSY},
        {"Unable to acquire the dpkg frontend lock", EK_E_BUSY},
        {"frontend lock was locked by another process", EK_E_BUSY},
        {"is locked by another process", EK_E_BUSY},
        {"Unable to lock", EK_E_BUSY},
        {"trying to overwrite", EK_E_CONFLICT},
        {"remove is disabled", EK_E_CONFLICT},
        {"Held packages were changed", EK_E_CONFLICT},
        {"Essential packages were removed", EK_E_DENIED},
        {"essential", EK_E_DENIED},
        {"unauthenticated packages", EK_E_DENIED},
        {"No space left on device", EK_E_UNAVAILABLE},
        {"enough free space", EK_E_UNAVAILABLE},
        {"Failed to fetch", EK_E_UNAVAILABLE},
        {"Unable to fetch", EK_E_UNAVAILABLE},
        {"Depends: ", EK_E_CONFLICT},
        {"Conflicts: ", EK_E_CONFLICT},
        {"Breaks: ", EK_E_CONFLICT},
        {"unmet dependencies", EK_E_CONFLICT},
        {"held broken packages", EK_E_CONFLICT},
        {"resolver", EK_E_CONFLICT},
        {"maintainer script", EK_E_INTERNAL},
        {"script subprocess", EK_E_INTERNAL},
    };
    return rules;
}

}  // namespace evenkeel::packages
