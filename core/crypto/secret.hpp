#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace evenkeel::crypto {

// Text or bytes that must not be shown: never converted by itself, not printable, wiped from memory
// when it goes. reveal() is the one way in, so that every use can be found.
class Secret {
  public:
    Secret() = default;
    // Takes the value and wipes what is left in the argument.
    explicit Secret(std::string&& value);
    explicit Secret(std::string_view value) : value_(value) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    // Good until the secret changes or goes.
    std::string_view reveal() const { return value_; }
    bool empty() const { return value_.empty(); }
    std::size_t size() const { return value_.size(); }

    // Takes the same time for every other of the same size.
    bool equals(std::string_view other) const;

    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

  private:
    std::string value_;
};

}  // namespace evenkeel::crypto
