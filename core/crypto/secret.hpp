#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace evenkeel::crypto {

// Text or bytes that must not be shown: no implicit conversion, not printable, wiped from memory
// when destroyed. reveal() is the only access, so that every use can be found by its name.
class Secret {
  public:
    Secret() = default;
    // Moves the value and wipes what is left in the argument.
    explicit Secret(std::string&& value);
    explicit Secret(std::string_view value) : value_(value) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    // Valid until the secret is changed or destroyed.
    std::string_view reveal() const { return value_; }
    bool empty() const { return value_.empty(); }
    std::size_t size() const { return value_.size(); }

    // Compares in a time that depends on the size only.
    bool equals(std::string_view other) const;

    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

  private:
    std::string value_;
};

}  // namespace evenkeel::crypto
