#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace evenkeel::users {

// The password field of an account: any number of "!" locks what follows.
struct Password {
    std::size_t bangs = 0;
    std::string hash;

    bool locked() const { return bangs > 0; }
    std::string field() const { return std::string(bangs, '!') + hash; }
};

Password password_of(std::string_view field);

// Throws EK_E_INVALID at "/password_hash" unless it is "", "*" or has the form of crypt(5). The
// message does not hold the hash.
void require_hash(std::string_view hash);

}  // namespace evenkeel::users
