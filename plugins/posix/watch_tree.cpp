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

// On every directory of the way: its names and itself coming and going.
constexpr std::uint32_t kWay = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                               IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
// On one that holds a path of interest: also what happens to its entries.
constexpr std::uint32_t kHolds = kWay | IN_ATTRIB | IN_CLOSE_WRITE | IN_MODIFY;

// The directories on the way to a path, "/" first. "/" is on the way to itself.
std::vector<std::string> way_to(const std::string& path) {
    std::vector<std::string> way{"/"};
    for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1))
        way.push_back(path.substr(0, at));
    return way;
}

bool is_file(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

void WatchTree::add(const std::string& path) {
    if (!paths_.insert(path).second) return;
    const std::vector<std::string> way = way_to(path);
    for (const std::string& folder : way) ++folders_[folder].users;
    ++folders_[way.back()].children;
    try {
        // From the top: once a directory is watched, what is made in it later is seen.
        for (const std::string& folder : way) watch(folder, folders_[folder]);
    } catch (...) {
        remove(path);
        throw;
    }
}

void WatchTree::remove(const std::string& path) {
    if (paths_.erase(path) == 0) return;
    const std::vector<std::string> way = way_to(path);
    --folders_[way.back()].children;
    for (const std::string& name : way) {
        const auto folder = folders_.find(name);
        if (--folder->second.users > 0) continue;
        unwatch(folder->first, folder->second);
        folders_.erase(folder);
    }
}

void WatchTree::watch(const std::string& path, Folder& folder) {
    const bool holds = folder.children > 0;
    if (folder.wd >= 0 && (folder.holds || !holds)) return;
    // IN_MASK_ADD: another folder may share this watch and want more of it.
    const std::uint32_t mask = (holds ? kHolds : kWay) | IN_MASK_ADD;
    const int wd = ::inotify_add_watch(inotify_, path.c_str(), mask);
    if (folder.wd >= 0 && wd != folder.wd) unwatch(path, folder);
    if (wd >= 0) {
        folder.wd = wd;
        folder.holds = holds;
        by_wd_[wd].insert(path);
        return;
    }
    if (errno == ENOSPC)
        throw sdk::Failure(EK_E_UNAVAILABLE, "no inotify watch is left for " + path +
                                                 ": raise fs.inotify.max_user_watches");
    if (errno == ENOMEM) throw os_failure(errno, "watch " + path);
    // Not there, no directory, a loop of links: its parent's watch tells when that changes.
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

void WatchTree::on_event(const inotify_event& event, std::string_view name, const Hit& hit) {
    const auto watched = by_wd_.find(event.wd);
    if (watched == by_wd_.end()) return;  // one that was given up, with events still queued
    const std::set<std::string> folders = watched->second;
    if ((event.mask & IN_IGNORED) != 0) {
        // The kernel has dropped it with its directory.
        by_wd_.erase(watched);
        for (const std::string& path : folders) folders_.at(path).wd = -1;
    }
    for (const std::string& path : folders) {
        if (name.empty()) {
            on_self(path, event.mask, hit);
        } else {
            on_name(join(path, name), event.mask, hit);
        }
    }
}

void WatchTree::on_name(const std::string& path, std::uint32_t mask, const Hit& hit) {
    if (paths_.count(path) != 0) {
        if ((mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB)) != 0) hit(path, Touch::settled);
        // A file has a writer, who will close it; a link or directory is complete.
        if ((mask & IN_CREATE) != 0) hit(path, is_file(path) ? Touch::created : Touch::settled);
        if ((mask & IN_MODIFY) != 0) hit(path, Touch::writing);
        if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) hit(path, Touch::vanished);
    }
    if (folders_.count(path) == 0) return;
    if ((mask & (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)) == 0) return;
    renew_below(path);
    const bool gone = (mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    const bool made = (mask & IN_CREATE) != 0;
    hit_below(path, gone ? Touch::vanished : made ? Touch::created : Touch::settled, hit);
}

void WatchTree::on_self(const std::string& path, std::uint32_t mask, const Hit& hit) {
    // Only "/" has no parent to tell of its attributes.
    if (path == "/" && (mask & IN_ATTRIB) != 0 && paths_.count(path) != 0)
        hit(path, Touch::settled);
    if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) == 0) return;
    renew_below(path);
    hit_below(path, Touch::vanished, hit);
}

void WatchTree::hit_below(const std::string& top, Touch touch, const Hit& hit) {
    const std::string prefix = top == "/" ? "/" : top + "/";
    for (auto at = paths_.lower_bound(prefix); at != paths_.end(); ++at) {
        if (at->compare(0, prefix.size(), prefix) != 0) break;
        hit(*at, touch);
    }
}

void WatchTree::renew_below(const std::string& top) {
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

void WatchTree::renew() {
    renew_below("/");
}

}  // namespace evenkeel::posix
