#include "core/plugin/remote/plugin_user.hpp"

#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"

namespace evenkeel::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEntryMost = 64 * 1024;

Error with_remedy(Error error, const std::string& remedy) {
    error.what += "; " + remedy;
    return error;
}

// Nothing where there is none.
Result<std::optional<PluginUser>> named(const std::string& user) {
    passwd entry{};
    passwd* found = nullptr;
    std::string space(kEntryMost, '\0');
    const int failed = ::getpwnam_r(user.c_str(), &entry, space.data(), space.size(), &found);
    // Some sources of users answer so for one that is not there.
    const bool is_absent =
        failed == ENOENT || failed == ESRCH || failed == EBADF || failed == EPERM;
    if (failed != 0 && !is_absent)
        return fail(with_remedy(system_error(failed, "cannot look up the user " + user),
                                "add it to /etc/passwd"));
    if (found == nullptr || found->pw_uid == 0) return std::optional<PluginUser>();
    return std::optional(PluginUser{found->pw_uid, found->pw_gid});
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

// By data folder, with one_at_a_time() held: a folder that is removed does not free the number of a
// process that runs. Never destroyed.
std::map<std::string, std::uint32_t>& given_numbers() {
    static auto* const all = new std::map<std::string, std::uint32_t>;
    return *all;
}

Result<PluginUser> allot(const std::string& data_dir) {
    const std::string folder = parent_of(data_dir);
    auto taken = data_dir.empty() ? std::set<std::uint32_t>() : owners_in(folder);
    for (const auto& [other, number] : given_numbers())
        if (other != data_dir) taken.insert(number);
    const auto own = given_numbers().find(data_dir);
    if (own != given_numbers().end() && taken.count(own->second) == 0)
        return PluginUser{own->second, own->second};
    for (std::uint32_t number = PluginUser::kFirst; number <= PluginUser::kLast; ++number)
        if (taken.count(number) == 0 && !is_somebodys(number)) return PluginUser{number, number};
    return fail(Errc::unavailable,
                "no user is left for another plugin in a process of its own; leave out plugins "
                "that are not needed, and remove their folders from " +
                    folder);
}

Error cannot_give(const std::string& name, const PluginUser& user) {
    return system_error(errno, "cannot give " + name + " to the user " + std::to_string(user.uid));
}

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<void> give(int folder, const char* name, const PluginUser& user, dev_t device);

Result<void> give_entries(int folder, const PluginUser& user, dev_t device) {
    const int listed = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (listed < 0) return fail(system_error(errno, "cannot list a plugin's data folder"));
    const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(listed));
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") EK_CHECK(give(folder, entry->d_name, user, device));
    }
    return {};
}

// By descriptors: who may write to the folder can replace what is in it at any time. Links are not
// followed; a file that has other names may be somebody else's there. The folder itself comes after
// what is in it: it shows that all was given.
Result<void> give(int folder, const char* name, const PluginUser& user, dev_t device) {
    const Fd own(::openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!own || ::fstat(own.get(), &info) != 0) {
        if (errno == ENOENT) return {};
        return fail(cannot_give(name, user));
    }
    if (info.st_dev != device) return {};
    if (!S_ISDIR(info.st_mode) && info.st_nlink > 1) return {};
    if (S_ISDIR(info.st_mode)) EK_CHECK(give_entries(own.get(), user, device));
    if (::fchownat(own.get(), "", user.uid, user.gid, AT_EMPTY_PATH) == 0) return {};
    return fail(cannot_give(name, user));
}

// What stands there belongs to the user when this returns.
Result<void> give_all(const std::string& data_dir, const struct stat& info,
                      const PluginUser& user) {
    if (info.st_uid == user.uid && info.st_gid == user.gid) return {};
    const auto given_away = give(AT_FDCWD, data_dir.c_str(), user, info.st_dev);
    if (given_away) return {};
    const std::string number = std::to_string(user.uid) + ":" + std::to_string(user.gid);
    return fail(with_remedy(given_away.error(), "chown -R " + number + " " + data_dir +
                                                    " by hand, to see what is in the way"));
}

Result<struct stat> look_at(const std::string& data_dir) {
    struct stat info {};
    if (::lstat(data_dir.c_str(), &info) == 0) return info;
    return fail(with_remedy(system_error(errno, "cannot look at " + data_dir),
                            "put the folder back, and restart the agent"));
}

std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

Result<PluginUser> give_user(const std::string& plugin, const std::string& data_dir) {
    const std::lock_guard lock(one_at_a_time());
    auto user = EK_TRY(named("evenkeel-plugin-" + plugin));
    if (data_dir.empty()) return user ? Result<PluginUser>(*user) : allot(data_dir);
    const struct stat info = EK_TRY(look_at(data_dir));
    if (!user && is_allotted(info.st_uid)) user = PluginUser{info.st_uid, info.st_uid};
    if (!user) user = EK_TRY(allot(data_dir));
    if (is_allotted(user->uid)) given_numbers()[data_dir] = user->uid;
    EK_CHECK(give_all(data_dir, info, *user));
    return *user;
}

Result<void> give_to_root(const std::string& data_dir) {
    if (data_dir.empty()) return {};
    const std::lock_guard lock(one_at_a_time());
    const struct stat info = EK_TRY(look_at(data_dir));
    return give_all(data_dir, info, {0, 0});
}

FolderOwner::FolderOwner(const std::string& data_dir) : data_dir_(data_dir) {
    if (data_dir.empty()) return;
    if (const auto info = look_at(data_dir)) before_ = PluginUser{info->st_uid, info->st_gid};
}

FolderOwner::~FolderOwner() {
    if (!before_) return;
    const std::lock_guard lock(one_at_a_time());
    const auto info = look_at(data_dir_);
    const Result<void> given =
        info ? give_all(data_dir_, *info, *before_) : Result<void>(fail(info.error()));
    if (!given)
        log::error("the folder of a plugin is not its own any more",
                   {{"folder", data_dir_}, {"why", given.error().what}});
}

}  // namespace evenkeel::plugin
