#include "plugins/users/password.hpp"

#include <algorithm>
#include <cstring>

#include <evenkeel/cpp/failure.hpp>

namespace evenkeel::users {

namespace {

// A shorter one is a plain password that begins with $.
constexpr std::size_t kHashMin = 20;
constexpr std::size_t kHashMax = 1024;

bool has_form_of_crypt(std::string_view hash) {
    const auto allowed = [](char c) { return c > ' ' && c < 0x7f && !std::strchr(":;*!\\", c); };
    return hash.size() >= kHashMin && hash.size() <= kHashMax && hash.front() == '$' &&
           std::count(hash.begin(), hash.end(), '$') >= 2 &&
           std::all_of(hash.begin(), hash.end(), allowed);
}

}  // namespace

Password password_of(std::string_view field) {
    Password password;
    password.bangs = std::min(field.find_first_not_of('!'), field.size());
    password.hash = field.substr(password.bangs);
    return password;
}

void require_hash(std::string_view hash) {
    if (hash.empty() || hash == "*" || has_form_of_crypt(hash)) return;
    throw sdk::Failure(EK_E_INVALID, "password_hash is not what crypt(5) makes: $id$...")
        .at("/password_hash")
        .hint(
            "make it with mkpasswd or openssl passwd -6; for the ! of a locked one, describe "
            "locked");
}

}  // namespace evenkeel::users
