#include "plugins/posix/walk.hpp"

#include <cerrno>
#include <climits>
#include <deque>
#include <memory>

#include <dirent.h>
#include <evenkeel/cpp/failure.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "plugins/posix/acl.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/path.hpp"

namespace evenkeel::posix {

namespace {

constexpr int kLinksMax = 40;  // as the kernel's own walk

struct Step {
    sdk::Fd fd;
    struct stat info {};
};

// Opens one name without following it; fd is empty if it is not there.
Step step(const sdk::Fd& folder, const std::string& name, const std::string& path) {
    Step next;
    next.fd = sdk::Fd(::openat(folder.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next.fd) {
        if (errno == ENOENT) return next;
        throw os_failure(errno, "open " + path);
    }
    if (::fstat(next.fd.get(), &next.info) != 0) throw os_failure(errno, "look at " + path);
    return next;
}

bool is_trusted(uid_t uid) {
    return uid == 0 || uid == ::geteuid();
}

void require_trusted(const sdk::Fd& folder, const struct stat& link, const std::string& path) {
    struct stat holder {};
    if (::fstat(folder.get(), &holder) != 0) throw os_failure(errno, "look at the way to " + path);
    const bool safe =
        is_trusted(link.st_uid) && is_trusted(holder.st_uid) && (holder.st_mode & 022) == 0;
    if (!safe)
        throw sdk::Failure(EK_E_DENIED, "the symlink " + path +
                                            " on the way is not followed: "
                                            "others than root can change it")
            .hint(
                "describe the resource by its real path, or give the link and its directory to "
                "root");
}

std::string read_link(const sdk::Fd& link, const std::string& path) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
    if (length < 0) throw os_failure(errno, "read the symlink " + path);
    target.resize(static_cast<std::size_t>(length));
    return target;
}

void note_writers(const sdk::Fd& folder, bool on_the_way, Writers& writers) {
    struct stat info {};
    if (::fstat(folder.get(), &info) != 0) throw os_failure(errno, "look at a directory");
    if (!is_trusted(info.st_uid)) writers.users.insert(info.st_uid);
    // With an ACL the group bits are its mask, so a named writer shows there.
    const bool is_sticky = (info.st_mode & S_ISVTX) != 0 && is_trusted(info.st_uid);
    if ((info.st_mode & 022) != 0 && !(on_the_way && is_sticky)) writers.others = true;
}

sdk::Fd open_root() {
    sdk::Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) throw os_failure(errno, "open /");
    return root;
}

}  // namespace

std::optional<struct stat> Place::info() const {
    struct stat found {};
    if (::fstatat(folder.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) return found;
    if (errno == ENOENT) return std::nullopt;
    throw os_failure(errno, "look at " + name);
}

Place walk(std::string_view path) {
    const std::vector<std::string> names = components(path);
    Place place;
    place.folder = open_root();
    place.name = names.empty() ? "." : names.back();
    if (names.empty()) return place;

    std::deque<std::string> ahead(names.begin(), names.end() - 1);
    std::string here = "/";  // for messages
    for (int links = 0; !ahead.empty();) {
        const std::string name = ahead.front();
        const std::string there = join(here, name);
        Step next = step(place.folder, name, there);
        if (!next.fd) break;
        ahead.pop_front();
        if (S_ISLNK(next.info.st_mode)) {
            note_writers(place.folder, true, place.writers);
            require_trusted(place.folder, next.info, there);
            if (++links > kLinksMax)
                throw sdk::Failure(EK_E_INVALID, "too many symlinks on the way to " + there);
            const std::string target = read_link(next.fd, there);
            if (!target.empty() && target.front() == '/') place.folder = open_root(), here = "/";
            const std::vector<std::string> detour = components(target);
            ahead.insert(ahead.begin(), detour.begin(), detour.end());
            continue;
        }
        if (!S_ISDIR(next.info.st_mode)) {
            place.blocker = there;
            return place;
        }
        note_writers(place.folder, true, place.writers);
        place.folder = std::move(next.fd);
        here = there;
    }
    note_writers(place.folder, false, place.writers);
    for (const std::string& name : ahead) {
        here = join(here, name);
        place.missing.push_back(here);
    }
    return place;
}

const Place& Walker::walk(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view parent = path.substr(0, slash + 1);
    if (slash + 1 == path.size() || parent != parent_) {
        parent_.clear();
        place_ = posix::walk(path);
        if (slash + 1 < path.size()) parent_ = parent;
    } else {
        place_.name = path.substr(slash + 1);
    }
    return place_;
}

Place walk_to_existing(std::string_view path) {
    Place place = walk(path);
    if (!place.blocker.empty())
        throw sdk::Failure(EK_E_CONFLICT, place.blocker + " is on the way and no directory");
    if (!place.missing.empty())
        throw sdk::Failure(EK_E_NOT_FOUND,
                           "the directory " + place.missing.back() + " does not exist")
            .hint("describe it in the collection \"directories\"");
    return place;
}

bool is_empty_directory(const sdk::Fd& fd, const std::string& path) {
    const int again = ::openat(fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(again < 0 ? nullptr : ::fdopendir(again),
                                                      ::closedir);
    if (!entries) throw os_failure(errno, "open " + path);
    while (const struct dirent* entry = ::readdir(entries.get()))
        if (entry->d_name != std::string_view(".") && entry->d_name != std::string_view(".."))
            return false;
    return true;
}

sdk::Fd make_directory(const sdk::Fd& folder, const std::string& name, const std::string& path) {
    if (::mkdirat(folder.get(), name.c_str(), 0700) != 0)
        throw os_failure(errno, "make the directory " + path);
    sdk::Fd made(
        ::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!made || ::fstat(made.get(), &info) != 0) throw os_failure(errno, "open " + path);
    // Who can write the directory can have moved another one of root's there meanwhile.
    if (!is_trusted(info.st_uid) || !is_empty_directory(made, path))
        throw sdk::Failure(EK_E_CONFLICT, path + " was replaced by somebody else meanwhile");
    drop_access_acl(made.get(), path);
    drop_default_acl(made.get(), path);
    return made;
}

void make_missing(Place& place) {
    for (const std::string& path : place.missing) {
        sdk::Fd made = make_directory(place.folder, components(path).back(), path);
        // The group too: a setgid directory hands its own down.
        if (::fchown(made.get(), ::geteuid(), ::getegid()) != 0 || ::fchmod(made.get(), 0755) != 0)
            throw os_failure(errno, "set up the directory " + path);
        sync_folder(place.folder);
        place.folder = std::move(made);
    }
    place.missing.clear();
}

void sync_folder(const sdk::Fd& folder) {
    const sdk::Fd readable(::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!readable || ::fsync(readable.get()) != 0) throw os_failure(errno, "sync a directory");
}

}  // namespace evenkeel::posix
