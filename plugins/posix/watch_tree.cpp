#include "plugins/posix/watch_tree.hpp"

#include <cerrno>
#include <vector>

#include <evenkeel/cpp/failure.hpp>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "plugins/posix/failure.hpp"
#include "plugins/posix/path.hpp"

namespace evenkeel::posix {

namespace {

// On every ancestor: its entries and itself coming and going.
constexpr std::uint32_t kAncestorMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                        IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
// On the parent of a path of interest: also what happens to its entries.
constexpr std::uint32_t kParentMask = kAncestorMask | IN_ATTRIB | IN_CLOSE_WRITE | IN_MODIFY;

// The directories above a path, "/" first. "/" counts as its own ancestor.
std::vector<std::string> ancestors_of(const std::string& path) {
    std::vector<std::string> ancestors{"/"};
    for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1))
        ancestors.push_back(path.substr(0, at));
    return ancestors;
}

// The last name of a path.
std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_file(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

bool WatchTree::is_of_interest(const std::string& path) const {
    const std::size_t slash = path.rfind('/');
    const auto folder = folders_.find(slash == 0 ? "/" : path.substr(0, slash));
    return folder != folders_.end() && folder->second.names.count(name_of(path)) != 0;
}

void WatchTree::add(const std::string& path) {
    if (is_of_interest(path)) return;
    const std::vector<std::string> ancestors = ancestors_of(path);
    for (const std::string& folder : ancestors)
        ++folders_.try_emplace(folder, &pool_).first->second.users;
    folders_.at(ancestors.back()).names.emplace(name_of(path));
    try {
        // From the top: once a directory is watched, what is made in it later is seen.
        for (const std::string& folder : ancestors) watch(folder, folders_.at(folder));
    } catch (...) {
        remove(path);
        throw;
    }
}

void WatchTree::remove(const std::string& path) {
    if (!is_of_interest(path)) return;
    const std::vector<std::string> ancestors = ancestors_of(path);
    auto& names = folders_.at(ancestors.back()).names;
    names.erase(names.find(name_of(path)));
    for (const std::string& name : ancestors) {
        const auto folder = folders_.find(name);
        if (--folder->second.users > 0) continue;
        unwatch(folder->first, folder->second);
        folders_.erase(folder);
    }
}

void WatchTree::watch(const std::string& path, Folder& folder) {
    const bool entries = !folder.names.empty();
    if (folder.wd >= 0 && (folder.entries || !entries)) return;
    // IN_MASK_ADD: another folder may share this watch and need more events.
    const std::uint32_t mask = (entries ? kParentMask : kAncestorMask) | IN_MASK_ADD;
    const int wd = ::inotify_add_watch(inotify_, path.c_str(), mask);
    if (folder.wd >= 0 && wd != folder.wd) unwatch(path, folder);
    if (wd >= 0) {
        folder.wd = wd;
        folder.entries = entries;
        by_wd_[wd].insert(path);
        return;
    }
    if (errno == ENOSPC)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify watch is left for " + path +
                                                 ": raise fs.inotify.max_user_watches");
    if (errno == ENOMEM) throw os_failure(errno, "watch " + path);
    // Missing, no directory, or a loop of links: its parent's watch reports when that changes.
}

void WatchTree::unwatch(const std::string& path, Folder& folder) {
    if (folder.wd < 0) return;
    const auto shared = by_wd_.find(folder.wd);
    if (shared != by_wd_.end()) {
        shared->second.erase(path);
        if (shared->second.empty()) {
            ::inotify_rm_watch(inotify_, folder.wd);
            by_wd_.erase(shared);
        }
    }
    folder.wd = -1;
}

void WatchTree::on_event(const inotify_event& event, std::string_view name,
                         const OnTouch& on_touch) {
    const auto watched = by_wd_.find(event.wd);
    if (watched == by_wd_.end()) return;  // events of a removed watch were still queued
    const std::set<std::string> folders = watched->second;
    if ((event.mask & IN_IGNORED) != 0) {
        // The kernel has removed the watch with its directory.
        by_wd_.erase(watched);
        for (const std::string& path : folders) folders_.at(path).wd = -1;
    }
    for (const std::string& path : folders) {
        if (name.empty()) {
            on_self(path, event.mask, on_touch);
        } else {
            on_name(join(path, name), event.mask, on_touch);
        }
    }
}

void WatchTree::on_name(const std::string& path, std::uint32_t mask, const OnTouch& on_touch) {
    if (is_of_interest(path)) {
        if ((mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB)) != 0)
            on_touch(path, Touch::settled);
        // A new file is still open and will be closed; a link or directory is complete.
        if ((mask & IN_CREATE) != 0)
            on_touch(path, is_file(path) ? Touch::created : Touch::settled);
        if ((mask & IN_MODIFY) != 0) on_touch(path, Touch::writing);
        if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) on_touch(path, Touch::vanished);
    }
    if (folders_.count(path) == 0) return;
    if ((mask & (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)) == 0) return;
    rewatch_below(path);
    const bool gone = (mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    const bool made = (mask & IN_CREATE) != 0;
    touch_below(path, gone ? Touch::vanished : made ? Touch::created : Touch::settled, on_touch);
}

void WatchTree::on_self(const std::string& path, std::uint32_t mask, const OnTouch& on_touch) {
    // Only "/" has no parent whose watch reports its attributes.
    if (path == "/" && (mask & IN_ATTRIB) != 0 && is_of_interest(path))
        on_touch(path, Touch::settled);
    if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) == 0) return;
    rewatch_below(path);
    touch_below(path, Touch::vanished, on_touch);
}

void WatchTree::touch_below(const std::string& top, Touch touch, const OnTouch& on_touch) {
    const std::string prefix = top == "/" ? "/" : top + "/";
    const auto touch_in = [&](const Folders::value_type& folder) {
        for (const std::string& name : folder.second.names)
            on_touch(join(folder.first, name), touch);
    };
    if (const auto self = folders_.find(top); self != folders_.end()) touch_in(*self);
    for (auto at = folders_.upper_bound(prefix); at != folders_.end(); ++at) {
        if (at->first.compare(0, prefix.size(), prefix) != 0) break;
        touch_in(*at);
    }
}

void WatchTree::rewatch_below(const std::string& top) {
    const std::string prefix = top == "/" ? "/" : top + "/";
    std::vector<Folders::iterator> below;
    if (const auto self = folders_.find(top); self != folders_.end()) below.push_back(self);
    for (auto at = folders_.upper_bound(prefix); at != folders_.end(); ++at) {
        if (at->first.compare(0, prefix.size(), prefix) != 0) break;
        below.push_back(at);
    }
    for (const auto& at : below) unwatch(at->first, at->second);
    for (const auto& at : below) watch(at->first, at->second);
}

void WatchTree::rewatch_all() {
    rewatch_below("/");
}

}  // namespace evenkeel::posix
