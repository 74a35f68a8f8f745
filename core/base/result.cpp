#include "core/base/result.hpp"

#include <cerrno>
#include <system_error>

namespace evenkeel {
namespace {

struct Name {
    Errc code;
    std::string_view text;
};

constexpr Name kNames[] = {
    {Errc::invalid, "invalid"},
    {Errc::not_found, "not-found"},
    {Errc::conflict, "conflict"},
    {Errc::denied, "denied"},
    {Errc::busy, "busy"},
    {Errc::limit, "limit"},
    {Errc::timeout, "timeout"},
    {Errc::cancelled, "cancelled"},
    {Errc::unavailable, "unavailable"},
    {Errc::stale, "stale"},
    {Errc::unsupported, "unsupported"},
    {Errc::corrupt, "corrupt"},
    {Errc::internal, "internal"},
};

Errc code_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
        case ESRCH:
            return Errc::not_found;
        case EACCES:
        case EPERM:
        case EROFS:
            return Errc::denied;
        case EEXIST:
        case ENOTEMPTY:
        case EISDIR:
            return Errc::conflict;
        case ENOSPC:
        case EDQUOT:
        case EMFILE:
        case ENFILE:
        case ENAMETOOLONG:
            return Errc::limit;
        case EAGAIN:
        case EBUSY:
            return Errc::busy;
        case ETIMEDOUT:
            return Errc::timeout;
        case ECONNREFUSED:
        case ECONNRESET:
        case ENETUNREACH:
        case EHOSTUNREACH:
        case EPIPE:
            return Errc::unavailable;
        case EINVAL:
            return Errc::invalid;
        default:
            return Errc::internal;
    }
}

}  // namespace

std::string_view to_string(Errc code) {
    for (const Name& name : kNames) {
        if (name.code == code) return name.text;
    }
    return "internal";
}

Errc errc_from(std::string_view text) {
    for (const Name& name : kNames) {
        if (name.text == text) return name.code;
    }
    return Errc::internal;
}

Error system_error(int error_number, std::string_view doing) {
    return Error{code_of(error_number),
                 std::string(doing) + ": " + std::generic_category().message(error_number)};
}

}  // namespace evenkeel
