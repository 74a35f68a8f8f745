#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace evenkeel::accounts {

// An empty number in the fields of shadow, as the shadow tools accept it too.
inline constexpr std::int64_t kNone = -1;

struct User {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string gecos, home, shell;
    // The whole password field: that of passwd, or of shadow where passwd has the "x" which refers
    // to it. "*" where there is no such line: no password opens the account.
    std::string password;
    bool lacks_shadow = false;  // there is no such line
    // Days, the last one since 1970-01-01; kNone where the field is empty.
    std::int64_t min = kNone, max = kNone, warn = kNone, inactive = kNone, expires = kNone;
};

struct Group {
    std::string name;
    std::uint32_t gid = 0;
    // Who is named in group or in gshadow, since each of them lets a user in (newgrp(1) asks
    // gshadow); sorted, each once.
    std::vector<std::string> members;
};

// The local accounts in the files: one pass over each, indexed, without name services. Lines that
// are no account (comments, NIS, too few fields) are skipped, and of two with the same name the
// first counts, as for the system itself.
class Database {
  public:
    // Reads passwd, shadow, group and gshadow below `etc`. Throws a Failure when one cannot be read
    // or is over 64 MiB; shadow and gshadow may be missing.
    static Database load(const std::string& etc = "/etc");
    // The same from the files' contents.
    static Database parse(std::string_view passwd, std::string_view shadow, std::string_view group,
                          std::string_view gshadow = "");

    const std::vector<User>& users() const { return users_; }
    const std::vector<Group>& groups() const { return groups_; }

    // The account, or nullptr; valid as long as the database.
    const User* user(const std::string& name) const;
    const Group* group(const std::string& name) const;
    const User* user_of(std::uint32_t uid) const;
    const Group* group_of(std::uint32_t gid) const;
    // The groups that name this user as a member, sorted; also where there is no such user.
    const std::vector<std::string>& groups_with(const std::string& user) const;
    // The members of a group who are no users here: left over, or of a directory service.
    std::vector<std::string> unknown_members(const Group& group) const;
    // The users whose primary group has this number, whether there is such a group or not; sorted.
    std::vector<std::string> primary_users(std::uint32_t gid) const;
    // The group's name, or the number in decimal if it has none.
    std::string group_name(std::uint32_t gid) const;

  private:
    void add_users(std::string_view passwd);
    void add_shadow(std::string_view shadow);
    void add_groups(std::string_view group);
    void add_gshadow(std::string_view gshadow);
    void index_members();

    std::vector<User> users_;
    std::vector<Group> groups_;
    std::unordered_map<std::string, std::size_t> user_by_name_, group_by_name_;
    std::unordered_map<std::uint32_t, std::size_t> user_by_id_, group_by_id_;
    std::unordered_map<std::string, std::vector<std::string>> memberships_;
};

}  // namespace evenkeel::accounts
