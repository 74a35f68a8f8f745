#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace evenkeel {

// The closed list of reasons. A code earns its place only where a caller acts on it.
enum class Errc {
    invalid,      // the input is wrong; trying again changes nothing
    not_found,    // what was named does not exist
    conflict,     // the present state forbids this
    denied,       // the caller may not do this
    busy,         // a lock is held or a queue is full: try again
    limit,        // a size, depth or count is over its bound
    timeout,      // the deadline passed
    cancelled,    // a caller asked to stop
    unavailable,  // a peer, back end or service is not there
    stale,        // what is known here is too old to tell
    unsupported,  // this plugin, platform or version cannot do this
    corrupt,      // stored data does not read back
    internal,     // a bug, or a failure of the operating system without a remedy
};

// "invalid", "not-found", ... as they stand in JSON. Static storage.
std::string_view to_string(Errc code);
// The reverse; `internal` for a name that is not in the list.
Errc errc_from(std::string_view text);

// What went wrong. `what` is one lower-case sentence without a full stop: the object, the cause.
struct Error {
    Errc code = Errc::internal;
    std::string what;
};

template <typename T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string what) {
    return tl::unexpected<Error>(Error{code, std::move(what)});
}
inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

// The same error with "context: " put before its text.
inline tl::unexpected<Error> fail(std::string_view context, const Error& error) {
    return fail(error.code, std::string(context) + ": " + error.what);
}

// From errno: ENOENT is not_found, EACCES and EPERM denied, EEXIST conflict, ENOSPC limit, ...
Error system_error(int error_number, std::string_view doing);

}  // namespace evenkeel

// The value of a Result, or return its error from the function around.
#define EK_TRY(expression)                                                             \
    __extension__({                                                                    \
        auto ek_try_result = (expression);                                             \
        if (!ek_try_result) return ::evenkeel::fail(std::move(ek_try_result.error())); \
        std::move(ek_try_result).value();                                              \
    })
// The same for Result<void>.
#define EK_CHECK(expression)                                                           \
    do {                                                                               \
        auto ek_try_result = (expression);                                             \
        if (!ek_try_result) return ::evenkeel::fail(std::move(ek_try_result.error())); \
    } while (false)
