#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/call.hpp>

#include "plugins/accounts/database.hpp"

namespace evenkeel::users {

// A description, parsed, with names resolved in the account files. What is empty stays as it is.
struct Desired {
    std::optional<std::uint32_t> uid;
    std::optional<std::string> group;  // as it was described
    std::optional<std::uint32_t> gid;  // of `group`; none if it does not exist (dry run only)
    std::optional<std::vector<std::string>> groups;  // sorted
    std::optional<std::string> home, shell, gecos, password_hash;
    std::optional<bool> locked;
    std::optional<std::int64_t> min, max, warn, inactive, expires;  // days; accounts::kNone
    bool create_home = false;
    bool system = false;
};

// Throws EK_E_INVALID with the pointer of the field that is wrong: the host's schema check is not
// relied on. A group that does not exist is such a field, but in a dry run only worth a warning:
// the group may be created by an earlier entry of the same plan. `now` is the user, or nullptr.
Desired parse_desired(const sdk::Call& call, std::string_view description,
                      const accounts::Database& database, const accounts::User* now);

}  // namespace evenkeel::users
