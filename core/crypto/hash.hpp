#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace evenkeel::crypto {

// The 32 bytes of the SHA-256.
std::string sha256(std::string_view bytes);
// The same as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

// SHA-256 of what comes in pieces.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void add(std::string_view bytes);
    // The 32 bytes; afterwards it begins anew.
    std::string finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// From the operating system's generator. [any]
std::string random_bytes(std::size_t count);

}  // namespace evenkeel::crypto
