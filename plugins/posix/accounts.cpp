#include "plugins/posix/accounts.hpp"

#include <cerrno>
#include <charconv>
#include <optional>
#include <vector>

#include <evenkeel/cpp/failure.hpp>
#include <grp.h>
#include <pwd.h>

#include "plugins/posix/failure.hpp"

namespace evenkeel::posix {

namespace {

// The decimal number, unless it is none or (uid_t)-1, which chown takes for "leave alone".
std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end || value == 0xffffffffu) return {};
    return value;
}

// Runs one of the get..._r family with a buffer that grows until the entry fits. Null: no entry.
template <typename Entry, typename Query>
const Entry* look_up(Entry& entry, std::vector<char>& buffer, const std::string& what,
                     Query&& query) {
    for (buffer.resize(1024); buffer.size() <= (1u << 22); buffer.resize(buffer.size() * 2)) {
        Entry* found = nullptr;
        const int error = query(&entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) continue;
        if (error == EINTR) continue;
        // POSIX leaves open how a missing entry is reported; these are the ways in use.
        if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
            return found;
        throw sdk::Failure(EK_E_UNAVAILABLE, os_failure(error, "look up " + what).what());
    }
    throw sdk::Failure(EK_E_UNAVAILABLE, "the entry of " + what + " is over 4 MiB");
}

}  // namespace

uid_t Accounts::uid_of(std::string_view text, const std::string& pointer) {
    if (const auto id = number(text)) return *id;
    const std::string name(text);
    struct passwd entry {};
    std::vector<char> buffer;
    const auto* found = look_up(entry, buffer, "the user " + name, [&](auto... arguments) {
        return ::getpwnam_r(name.c_str(), arguments...);
    });
    if (found) return found->pw_uid;
    throw sdk::Failure(EK_E_INVALID, "there is no user \"" + name + "\"").at(pointer);
}

gid_t Accounts::gid_of(std::string_view text, const std::string& pointer) {
    if (const auto id = number(text)) return *id;
    const std::string name(text);
    struct group entry {};
    std::vector<char> buffer;
    const auto* found = look_up(entry, buffer, "the group " + name, [&](auto... arguments) {
        return ::getgrnam_r(name.c_str(), arguments...);
    });
    if (found) return found->gr_gid;
    throw sdk::Failure(EK_E_INVALID, "there is no group \"" + name + "\"").at(pointer);
}

const std::string& Accounts::user_name(uid_t uid) {
    const auto known = users_.find(uid);
    if (known != users_.end()) return known->second;
    struct passwd entry {};
    std::vector<char> buffer;
    const std::string id = std::to_string(uid);
    const auto* found = look_up(entry, buffer, "the user " + id,
                                [&](auto... arguments) { return ::getpwuid_r(uid, arguments...); });
    return users_[uid] = found ? found->pw_name : id;
}

const std::string& Accounts::group_name(gid_t gid) {
    const auto known = groups_.find(gid);
    if (known != groups_.end()) return known->second;
    struct group entry {};
    std::vector<char> buffer;
    const std::string id = std::to_string(gid);
    const auto* found = look_up(entry, buffer, "the group " + id,
                                [&](auto... arguments) { return ::getgrgid_r(gid, arguments...); });
    return groups_[gid] = found ? found->gr_name : id;
}

}  // namespace evenkeel::posix
