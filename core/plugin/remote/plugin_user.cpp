#include "core/plugin/remote/plugin_user.hpp"

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"

namespace evenkeel::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEntryMost = 64 * 1024;

std::optional<PluginUser> named(const std::string& user) {
    passwd entry{};
    passwd* found = nullptr;
    std::string space(kEntryMost, '\0');
    ::getpwnam_r(user.c_str(), &entry, space.data(), space.size(), &found);
    if (found == nullptr || found->pw_uid == 0) return std::nullopt;
    return PluginUser{found->pw_uid, found->pw_gid};
}

bool is_somebodys(std::uint32_t number) {
    std::string space(kEntryMost, '\0');
    passwd user{};
    passwd* found_user = nullptr;
    ::getpwuid_r(number, &user, space.data(), space.size(), &found_user);
    group owners{};
    group* found_group = nullptr;
    ::getgrgid_r(number, &owners, space.data(), space.size(), &found_group);
    return found_user != nullptr || found_group != nullptr;
}

bool is_allotted(std::uint32_t uid) {
    return uid >= PluginUser::kFirst && uid <= PluginUser::kLast;
}

std::set<std::uint32_t> owners_in(const std::string& folder) {
    std::set<std::uint32_t> owners;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        struct stat info {};
        if (::lstat(at->path().c_str(), &info) == 0) owners.insert(info.st_uid);
    }
    return owners;
}

Result<PluginUser> allot(const std::string& data_dir) {
    const auto taken =
        data_dir.empty() ? std::set<std::uint32_t>() : owners_in(parent_of(data_dir));
    for (std::uint32_t number = PluginUser::kFirst; number <= PluginUser::kLast; ++number)
        if (taken.count(number) == 0 && !is_somebodys(number)) return PluginUser{number, number};
    return fail(Errc::unavailable, "no user is left for another plugin in a process of its own");
}

// Links are not followed; a file that has other names may be somebody else's there.
Result<void> give(const fs::path& path, const PluginUser& user) {
    struct stat info {};
    const bool is_seen = ::lstat(path.c_str(), &info) == 0;
    if (is_seen && S_ISREG(info.st_mode) && info.st_nlink > 1) return {};
    if (is_seen && ::lchown(path.c_str(), user.uid, user.gid) == 0) return {};
    return fail(system_error(
        errno, "cannot give " + path.string() + " to the user " + std::to_string(user.uid)));
}

// The folder itself comes last: it shows that all was given.
Result<void> give_all(const std::string& folder, const PluginUser& user) {
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error))
        EK_CHECK(give(at->path(), user));
    if (error) return fail(Errc::unavailable, "cannot list " + folder + ": " + error.message());
    return give(folder, user);
}

}  // namespace

Result<PluginUser> give_user(const std::string& plugin, const std::string& data_dir) {
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    struct stat info {};
    if (!data_dir.empty() && ::lstat(data_dir.c_str(), &info) != 0)
        return fail(system_error(errno, "cannot look at " + data_dir));
    auto user = named("evenkeel-plugin-" + plugin);
    const bool has_one = !data_dir.empty() && is_allotted(info.st_uid);
    if (!user && has_one) user = PluginUser{info.st_uid, info.st_uid};
    if (!user) user = EK_TRY(allot(data_dir));
    if (!data_dir.empty() && (info.st_uid != user->uid || info.st_gid != user->gid))
        EK_CHECK(give_all(data_dir, *user));
    return *user;
}

}  // namespace evenkeel::plugin
