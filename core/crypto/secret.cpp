#include "core/crypto/secret.hpp"

#include <utility>

#include <sodium.h>

namespace evenkeel::crypto {
namespace {

// Overwrites all that the string's buffer has room for, and empties it.
void wipe_string(std::string& text) {
    text.resize(text.capacity());
    sodium_memzero(text.data(), text.size());
    text.clear();
}

}  // namespace

Secret::Secret(std::string&& value) : value_(std::move(value)) {
    wipe_string(value);
}

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) {
    wipe_string(other.value_);
}

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        wipe_string(value_);
        value_ = other.value_;
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe_string(value_);
        value_ = std::move(other.value_);
        wipe_string(other.value_);
    }
    return *this;
}

Secret::~Secret() {
    wipe_string(value_);
}

bool Secret::equals(std::string_view other) const {
    return other.size() == value_.size() &&
           sodium_memcmp(other.data(), value_.data(), other.size()) == 0;
}

}  // namespace evenkeel::crypto
