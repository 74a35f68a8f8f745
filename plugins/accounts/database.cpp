#include "plugins/accounts/database.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <evenkeel/cpp/failure.hpp>

#include "plugins/posix/read_file.hpp"

namespace evenkeel::accounts {

namespace {

constexpr std::size_t kBytesMax = 64u << 20;

// Never "not found": that would say that there is no such account.
std::string read_database(const std::string& path) {
    auto text = posix::read_file(path, kBytesMax);
    if (!text) throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + path);
    return *std::move(text);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0;;) {
        const std::size_t end = text.find(separator, at);
        parts.push_back(text.substr(at, end == text.npos ? end : end - at));
        if (end == text.npos) return parts;
        at = end + 1;
    }
}

// Calls `take` with the fields of each line that is an account of the machine's own.
template <typename Take>
void each_line(std::string_view text, std::size_t fields_min, Take&& take) {
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty() || line[0] == '#' || line[0] == '+' || line[0] == '-') continue;
        const auto fields = split(line, ':');
        if (fields.size() >= fields_min && !fields[0].empty()) take(fields);
    }
}

std::optional<std::uint32_t> id_of(std::string_view text) {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
    return value;
}

// Days as shadow has them: empty, negative and senseless all mean "not set".
std::int64_t days_of(std::string_view text) {
    std::int32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end || value < 0) return kNone;
    return value;
}

template <typename Index, typename Key, typename Entries>
auto look_up(const Index& index, const Key& key, const Entries& entries) {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &entries[found->second];
}

}  // namespace

Database Database::load(const std::string& etc) {
    const std::string passwd = read_database(etc + "/passwd");
    const std::string shadow = posix::read_file(etc + "/shadow", kBytesMax).value_or("");
    return parse(passwd, shadow, read_database(etc + "/group"));
}

Database Database::parse(std::string_view passwd, std::string_view shadow, std::string_view group) {
    Database database;
    database.add_users(passwd);
    database.add_shadow(shadow);
    database.add_groups(group);
    return database;
}

void Database::add_users(std::string_view passwd) {
    each_line(passwd, 7, [&](const std::vector<std::string_view>& fields) {
        const auto uid = id_of(fields[2]), gid = id_of(fields[3]);
        if (!uid || !gid) return;
        User user;
        user.name = fields[0];
        user.password = fields[1];
        user.uid = *uid;
        user.gid = *gid;
        user.gecos = fields[4];
        user.home = fields[5];
        user.shell = fields[6];
        if (!user_by_name_.emplace(user.name, users_.size()).second) return;
        user_by_id_.emplace(user.uid, users_.size());
        users_.push_back(std::move(user));
    });
}

void Database::add_shadow(std::string_view shadow) {
    std::vector<bool> seen(users_.size());
    each_line(shadow, 8, [&](const std::vector<std::string_view>& fields) {
        const auto found = user_by_name_.find(std::string(fields[0]));
        if (found == user_by_name_.end() || seen[found->second]) return;
        seen[found->second] = true;
        User& user = users_[found->second];
        user.password = fields[1];
        user.min = days_of(fields[3]);
        user.max = days_of(fields[4]);
        user.warn = days_of(fields[5]);
        user.inactive = days_of(fields[6]);
        user.expires = days_of(fields[7]);
    });
}

void Database::add_groups(std::string_view group) {
    each_line(group, 4, [&](const std::vector<std::string_view>& fields) {
        const auto gid = id_of(fields[2]);
        if (!gid) return;
        Group entry{std::string(fields[0]), *gid, {}};
        for (const std::string_view member : split(fields[3], ','))
            if (!member.empty()) entry.members.emplace_back(member);
        std::sort(entry.members.begin(), entry.members.end());
        entry.members.erase(std::unique(entry.members.begin(), entry.members.end()),
                            entry.members.end());
        if (!group_by_name_.emplace(entry.name, groups_.size()).second) return;
        group_by_id_.emplace(entry.gid, groups_.size());
        for (const std::string& member : entry.members) memberships_[member].push_back(entry.name);
        groups_.push_back(std::move(entry));
    });
    for (auto& [user, names] : memberships_) std::sort(names.begin(), names.end());
}

const User* Database::user(const std::string& name) const {
    return look_up(user_by_name_, name, users_);
}

const Group* Database::group(const std::string& name) const {
    return look_up(group_by_name_, name, groups_);
}

const User* Database::user_of(std::uint32_t uid) const {
    return look_up(user_by_id_, uid, users_);
}

const Group* Database::group_of(std::uint32_t gid) const {
    return look_up(group_by_id_, gid, groups_);
}

const std::vector<std::string>& Database::groups_with(const std::string& user) const {
    static const std::vector<std::string> kNobodys;
    const auto found = memberships_.find(user);
    return found == memberships_.end() ? kNobodys : found->second;
}

std::string Database::group_name(std::uint32_t gid) const {
    const Group* const found = group_of(gid);
    return found ? found->name : std::to_string(gid);
}

}  // namespace evenkeel::accounts
