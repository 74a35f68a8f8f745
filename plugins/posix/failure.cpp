#include "plugins/posix/failure.hpp"

#include <cerrno>
#include <system_error>

namespace evenkeel::posix {

namespace {

ek_status status_of(int error_number) {
    switch (error_number) {
        case ENOENT:
            return EK_E_NOT_FOUND;
        case EACCES:
        case EPERM:
        case EROFS:
            return EK_E_DENIED;
        case EEXIST:
        case ENOTEMPTY:
        case EISDIR:
        case ENOTDIR:
        case EBUSY:
            return EK_E_CONFLICT;
        case EAGAIN:
        case EINTR:
        case ETXTBSY:
            return EK_E_BUSY;
        case ENOSPC:
        case EDQUOT:
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            return EK_E_UNAVAILABLE;
        case EINVAL:
        case ELOOP:
        case ENAMETOOLONG:
            return EK_E_INVALID;
        default:
            return EK_E_INTERNAL;
    }
}

}  // namespace

sdk::Failure os_failure(int error_number, const std::string& action) {
    return {status_of(error_number),
            "cannot " + action + ": " + std::generic_category().message(error_number)};
}

}  // namespace evenkeel::posix
