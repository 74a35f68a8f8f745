#include "plugins/users/removal.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include <evenkeel/cpp/failure.hpp>
#include <sys/stat.h>

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/fields.hpp"
#include "plugins/posix/read_file.hpp"

namespace evenkeel::users {

namespace {

using accounts::Database;
using accounts::User;

constexpr std::size_t kStatusMax = 65536;

// As getdef_bool() of the shadow tools: the last line that names it, "yes" in any case.
bool user_groups_enabled(std::string_view login_defs) {
    std::istringstream lines{std::string(login_defs)};
    bool is_on = false;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name, value;
        if (!(words >> name >> value) || name != "USERGROUPS_ENAB") continue;
        std::transform(value.begin(), value.end(), value.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        is_on = value == "yes";
    }
    return is_on;
}

bool own_group_goes(const User& user, const Database& database, std::string_view login_defs) {
    const accounts::Group* const own = database.group(user.name);
    if (!own || own->gid != user.gid || !user_groups_enabled(login_defs)) return false;
    const auto is_user = [&](const std::string& name) { return name == user.name; };
    return std::all_of(own->members.begin(), own->members.end(), is_user) &&
           database.primary_users(own->gid).size() == 1;
}

// The real, effective or saved number.
bool runs_as(const std::string& status, std::uint32_t uid) {
    const std::size_t at = status.find("\nUid:");
    if (at == status.npos) return false;
    std::istringstream numbers(status.substr(at + 5));
    std::uint32_t number = 0;
    for (int i = 0; i < 3 && numbers >> number; ++i)
        if (number == uid) return true;
    return false;
}

// Those of a container are another machine's users.
bool sees_this_root(const std::filesystem::path& process) {
    struct stat own {
    }, its{};
    return ::stat("/", &own) == 0 && ::stat((process / "root/").c_str(), &its) == 0 &&
           own.st_dev == its.st_dev && own.st_ino == its.st_ino;
}

std::optional<std::string> process_of(std::uint32_t uid) {
    std::error_code error;
    for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename();
        if (name.find_first_not_of("0123456789") != name.npos) continue;
        try {
            const auto status = posix::read_file(at->path() / "status", kStatusMax);
            if (status && runs_as(*status, uid) && sees_this_root(at->path())) return name;
        } catch (const sdk::Failure&) {
            // A process that has ended meanwhile.
        }
    }
    return std::nullopt;
}

}  // namespace

sdk::Changes removal(const User& user, const Database& database, std::string_view login_defs) {
    sdk::Changes changes;
    changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
    const auto& groups = database.groups_with(user.name);
    if (!groups.empty())
        changes.field("/groups", accounts::to_json(groups), std::nullopt, 0, EK_ACT_REMOVE);
    if (own_group_goes(user, database, login_defs))
        changes.field("/group", sdk::quote(user.name), std::nullopt, 0, EK_ACT_REMOVE);
    return changes;
}

void refuse_processes_of(const User& user) {
    if (const auto process = process_of(user.uid))
        throw sdk::Failure(EK_E_CONFLICT,
                           "the user " + user.name + " is in use by the process " + *process);
}

}  // namespace evenkeel::users
