#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// What calls of the client library return. Standard headers only; everything here is a value.
namespace evenkeel::client {

// Why a call failed: what a caller can act on.
enum class Kind {
    problem,      // the API refused; `status`, `code` and `errors` say why
    unreachable,  // no connection, or it broke before the whole answer was there
    timeout,      // the deadline passed
    bad_answer,   // something answered, but not the API: wrong URL, proxy, other version
    local,        // the fault is on this side: a file, a setting, an argument
    cancelled,    // Cancel::cancel was called
};

// One wrong field of a request: where (RFC 6901 pointer into the body) and why.
struct FieldError {
    std::string pointer;
    std::string code;
    std::string detail;
};

// The text fields may hold anything a host or a server sent: escape before showing on a terminal.
struct Failure {
    Kind kind = Kind::local;
    int status = 0;               // HTTP status, 0 when there was no answer
    std::string code = {};        // of the problem: "not-found", "host-offline", ...
    std::string detail = {};      // one sentence
    std::string request_id = {};  // to find the request in the orchestrator's log
    std::vector<FieldError> errors = {};
    std::string json = {};  // the whole problem document, or empty

    // All of it in one line.
    std::string text() const;
};

// Thrown by Result::value() only.
class Error : public std::runtime_error {
  public:
    explicit Error(Failure failure)
        : std::runtime_error(failure.text()), failure_(std::move(failure)) {}
    const Failure& failure() const { return failure_; }

  private:
    Failure failure_;
};

// A value or a Failure. Test it, then use `*` or `->`; or call value(), which throws Error.
template <typename T = std::monostate>
class [[nodiscard]] Result {
  public:
    Result() = default;  // a default-made value
    Result(T value) : data_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) : data_(std::in_place_index<1>, std::move(failure)) {}

    bool ok() const { return data_.index() == 0; }
    explicit operator bool() const { return ok(); }

    // Require ok(); std::bad_variant_access otherwise.
    T& operator*() & { return std::get<0>(data_); }
    const T& operator*() const& { return std::get<0>(data_); }
    T&& operator*() && { return std::get<0>(std::move(data_)); }
    T* operator->() { return &std::get<0>(data_); }
    const T* operator->() const { return &std::get<0>(data_); }

    // Requires !ok(); std::bad_variant_access otherwise.
    const Failure& error() const { return std::get<1>(data_); }

    T value() && {
        if (!ok()) throw Error(error());
        return std::get<0>(std::move(data_));
    }
    const T& value() const& {
        if (!ok()) throw Error(error());
        return std::get<0>(data_);
    }

  private:
    std::variant<T, Failure> data_;
};

}  // namespace evenkeel::client
