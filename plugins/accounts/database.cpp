#include "plugins/accounts/database.hpp"

#include <algorithm>
#include <charconv>

#include <evenkeel/cpp/failure.hpp>

#include "plugins/posix/read_file.hpp"

namespace evenkeel::accounts {

namespace {

constexpr std::size_t kBytesMax = 64u << 20;
// The password field in passwd which says that shadow has it, to PAM too.
constexpr std::string_view kInShadow = "x";

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

void add_members(Group& group, std::string_view names) {
    for (const std::string_view member : split(names, ','))
        if (!member.empty()) group.members.emplace_back(member);
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
    const std::string gshadow = posix::read_file(etc + "/gshadow", kBytesMax).value_or("");
    return parse(passwd, shadow, read_database(etc + "/group"), gshadow);
}

Database Database::parse(std::string_view passwd, std::string_view shadow, std::string_view group,
                         std::string_view gshadow) {
    Database database;
    database.add_users(passwd);
    database.add_shadow(shadow);
    database.add_groups(group);
    database.add_gshadow(gshadow);
    database.index_members();
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
        if (user.password == kInShadow) user.password = fields[1];
        user.min = days_of(fields[3]);
        user.max = days_of(fields[4]);
        user.warn = days_of(fields[5]);
        user.inactive = days_of(fields[6]);
        user.expires = days_of(fields[7]);
    });
    for (std::size_t at = 0; at < users_.size(); ++at) {
        if (seen[at] || users_[at].password != kInShadow) continue;
        users_[at].lacks_shadow = true;
        users_[at].password = "*";
    }
}

void Database::add_groups(std::string_view group) {
    each_line(group, 4, [&](const std::vector<std::string_view>& fields) {
        const auto gid = id_of(fields[2]);
        if (!gid) return;
        Group entry{std::string(fields[0]), *gid, {}};
        add_members(entry, fields[3]);
        if (!group_by_name_.emplace(entry.name, groups_.size()).second) return;
        group_by_id_.emplace(entry.gid, groups_.size());
        groups_.push_back(std::move(entry));
    });
}

void Database::add_gshadow(std::string_view gshadow) {
    each_line(gshadow, 4, [&](const std::vector<std::string_view>& fields) {
        const auto found = group_by_name_.find(std::string(fields[0]));
        if (found != group_by_name_.end()) add_members(groups_[found->second], fields[3]);
    });
}

void Database::index_members() {
    for (Group& group : groups_) {
        std::sort(group.members.begin(), group.members.end());
        group.members.erase(std::unique(group.members.begin(), group.members.end()),
                            group.members.end());
        for (const std::string& member : group.members) memberships_[member].push_back(group.name);
    }
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

std::vector<std::string> Database::unknown_members(const Group& group) const {
    std::vector<std::string> names;
    for (const std::string& member : group.members)
        if (!user(member)) names.push_back(member);
    return names;
}

std::vector<std::string> Database::primary_users(std::uint32_t gid) const {
    std::vector<std::string> names;
    for (const User& user : users_)
        if (user.gid == gid) names.push_back(user.name);
    std::sort(names.begin(), names.end());
    return names;
}

std::string Database::group_name(std::uint32_t gid) const {
    const Group* const found = group_of(gid);
    return found ? found->name : std::to_string(gid);
}

}  // namespace evenkeel::accounts
