#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <evenkeel/plugin.h>

namespace evenkeel::sdk {

inline std::string_view view(ek_str text) {
    return text.ptr ? std::string_view(text.ptr, text.len) : std::string_view();
}

// The string borrowed, never absent: an empty one keeps a pointer.
inline ek_str borrow(std::string_view text) {
    return ek_str{text.data() ? text.data() : "", text.size()};
}

// Thrown to end a call: it becomes the call's status and its error diagnostic. The text is one
// lower-case sentence that names the thing and the cause.
class Failure : public std::exception {
  public:
    Failure(ek_status status, std::string summary)
        : status_(status), summary_(std::move(summary)) {}

    // RFC 6901 pointer to the part of the input that is to blame: "/owner".
    Failure& at(std::string path) & { return path_ = std::move(path), *this; }
    Failure&& at(std::string path) && { return std::move(at(std::move(path))); }
    // What the reader can do about it.
    Failure& hint(std::string detail) & { return detail_ = std::move(detail), *this; }
    Failure&& hint(std::string detail) && { return std::move(hint(std::move(detail))); }
    // How long the host waits before it tries again by itself.
    Failure& retry_after_ms(std::uint32_t ms) & { return retry_after_ms_ = ms, *this; }
    Failure&& retry_after_ms(std::uint32_t ms) && { return std::move(retry_after_ms(ms)); }

    // The same failure of a call that had done a part of its work: the call's status is then
    // EK_E_PARTIAL, and the diagnostic keeps why it did not do the rest.
    Failure& partial(bool is_partial = true) & { return is_partial_ = is_partial, *this; }

    // Why it failed.
    ek_status status() const { return status_; }
    // What the call answers.
    ek_status call_status() const { return is_partial_ ? EK_E_PARTIAL : status_; }
    const char* what() const noexcept override { return summary_.c_str(); }

    // Borrows from this object.
    ek_diag diagnostic() const {
        return ek_diag{sizeof(ek_diag),
                       EK_SEV_ERROR,
                       path_.empty() ? ek_str{nullptr, 0} : borrow(path_),
                       borrow(summary_),
                       detail_.empty() ? ek_str{nullptr, 0} : borrow(detail_),
                       retry_after_ms_,
                       status_};
    }

  private:
    ek_status status_;
    std::string summary_;
    std::string path_;
    std::string detail_;
    std::uint32_t retry_after_ms_ = 0;
    bool is_partial_ = false;
};

// A callback of the host told the call to stop; thrown by Call, caught at the boundary.
struct Stop {
    ek_status status;
};

}  // namespace evenkeel::sdk
