#include "plugins/files/replace.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "plugins/posix/acl.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/path.hpp"

namespace evenkeel::files {

namespace {

// The temporary name; removed at the end unless it was renamed.
class Temporary {
  public:
    explicit Temporary(const posix::Place& place)
        : folder_(place.folder.get()), name_(temporary_name(place.name)) {}
    ~Temporary() {
        if (made_) ::unlinkat(folder_, name_.c_str(), 0);
    }
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    // Runs `make(name)`, after removing the leftover of an earlier crash if there is one.
    template <typename Make>
    void create(const std::string& path, Make&& make) {
        for (int tries = 0; tries < 3; ++tries) {
            if (make(name_.c_str())) {
                made_ = true;
                return;
            }
            if (errno != EEXIST) break;
            if (::unlinkat(folder_, name_.c_str(), 0) != 0 && errno != ENOENT) break;
        }
        throw posix::os_failure(errno, "make " + name_ + " beside " + path);
    }
    const char* name() const { return name_.c_str(); }
    void renamed() { made_ = false; }

  private:
    int folder_;
    std::string name_;
    bool made_ = false;
};

sdk::Failure changed_meanwhile(const std::string& path) {
    return {EK_E_CONFLICT, path + " was changed by somebody else meanwhile"};
}

bool is_untouched(const struct stat& one, const struct stat& other) {
    return is_same(one, other) && one.st_size == other.st_size &&
           one.st_ctim.tv_sec == other.st_ctim.tv_sec &&
           one.st_ctim.tv_nsec == other.st_ctim.tv_nsec;
}

bool is_unchanged(const Entry& now, const posix::Place& place) {
    const auto there = place.info();
    if (!there || now.kind == Kind::absent) return !there && now.kind == Kind::absent;
    return is_untouched(*there, now.info);
}

void move_into_place(Temporary& temporary, const posix::Place& place, const std::string& path,
                     const Entry& now, const sdk::Call& call) {
    call.check();
    const sdk::Failure moved = changed_meanwhile(path);
    if (!is_unchanged(now, place)) throw moved;
    const int folder = place.folder.get();
    const char* const name = place.name.c_str();
    const unsigned flags = now.kind == Kind::absent ? RENAME_NOREPLACE : 0;
    int done = ::renameat2(folder, temporary.name(), folder, name, flags);
    // Some file systems support no flags.
    if (done != 0 && errno == EINVAL && flags != 0)
        done = ::renameat(folder, temporary.name(), folder, name);
    if (done != 0 && errno == EEXIST) throw moved;
    if (done != 0) throw posix::os_failure(errno, "put " + path + " into place");
    temporary.renamed();
}

bool has_prefix(const std::string& text, std::string_view prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool is_label(const std::string& name) {
    return name == "security.selinux" || name == "security.SMACK64";
}

// What security.ima and security.evm say holds for the old content only.
bool is_kept(const std::string& name, Kept kept) {
    if (name == "system.posix_acl_access") return kept == Kept::all;
    return is_label(name) || name == "security.capability" || has_prefix(name, "user.") ||
           has_prefix(name, "trusted.");
}

std::vector<std::string> attribute_names(int fd, const std::string& path) {
    std::vector<char> bytes(64 * 1024);
    const ssize_t length = ::flistxattr(fd, bytes.data(), bytes.size());
    if (length < 0 && errno == ENOTSUP) return {};
    if (length < 0) throw posix::os_failure(errno, "list the attributes of " + path);
    std::vector<std::string> names;
    for (ssize_t at = 0; at < length; at += static_cast<ssize_t>(names.back().size()) + 1)
        names.emplace_back(bytes.data() + at);
    return names;
}

// The label of a security module is set on a best-effort basis; losing anything else is an error.
void copy_attributes(int from, int to, Kept kept, const std::string& path) {
    std::vector<char> value(64 * 1024);
    for (const std::string& name : attribute_names(from, path)) {
        if (!is_kept(name, kept)) continue;
        const ssize_t size = ::fgetxattr(from, name.c_str(), value.data(), value.size());
        const bool set = size >= 0 && ::fsetxattr(to, name.c_str(), value.data(),
                                                  static_cast<std::size_t>(size), 0) == 0;
        if (!set && !is_label(name)) throw posix::os_failure(errno, "keep " + name + " of " + path);
    }
}

struct NamedFlag {
    int flag;
    const char* name;
};

// The flags of chattr that say how a file is used; those that forbid changes were refused, and the
// others are the file system's own.
constexpr NamedFlag kFlags[] = {{FS_NODUMP_FL, "nodump"},
                                {FS_NOATIME_FL, "noatime"},
                                {FS_SYNC_FL, "sync"},
                                {FS_JOURNAL_DATA_FL, "journal-data"}};

// Those of them that are set; 0 where the file system has none.
int flags_of(int fd) {
    int all = 0;
    if (::ioctl(fd, FS_IOC_GETFLAGS, &all) != 0) return 0;
    int ours = 0;
    for (const NamedFlag& each : kFlags) ours |= all & each.flag;
    return ours;
}

void copy_flags(int from, int to, const std::string& path) {
    const int flags = flags_of(from);
    int all = 0;
    if (flags == 0) return;
    const bool read = ::ioctl(to, FS_IOC_GETFLAGS, &all) == 0;
    all |= flags;
    if (!read || ::ioctl(to, FS_IOC_SETFLAGS, &all) != 0)
        throw posix::os_failure(errno, "keep the flags of " + path);
}

void write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw posix::os_failure(errno, "write " + path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
}

sdk::Fd open_old(const posix::Place& place, const std::string& path, const Entry& now) {
    sdk::Fd old(::openat(place.folder.get(), place.name.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat info {};
    if (!old || ::fstat(old.get(), &info) != 0) throw posix::os_failure(errno, "open " + path);
    if (!is_same(info, now.info)) throw changed_meanwhile(path);
    return old;
}

}  // namespace

std::string temporary_name(std::string_view name) {
    return ".evenkeel-" + content_of(name).sha256->substr(0, 16);
}

void set_symlink_owner(int folder, const char* name, const std::string& path,
                       const posix::Ownership& after,
                       const std::function<bool(const struct stat&)>& is_ours) {
    const sdk::Fd fd(::openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) throw posix::os_failure(errno, "open " + path);
    if (!S_ISLNK(info.st_mode) || !is_ours(info)) throw changed_meanwhile(path);
    if (::fchownat(fd.get(), "", *after.uid, *after.gid, AT_EMPTY_PATH) != 0)
        throw posix::os_failure(errno, "set the owner of " + path);
}

bool is_same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

std::vector<std::string> attributes_of(const posix::Place& place, const std::string& path,
                                       const Entry& now) {
    const sdk::Fd fd = open_old(place, path, now);
    std::vector<std::string> names;
    for (std::string& name : attribute_names(fd.get(), path))
        if (is_kept(name, Kept::all_but_acl) && !is_label(name)) names.push_back(std::move(name));
    for (const NamedFlag& each : kFlags)
        if ((flags_of(fd.get()) & each.flag) != 0) names.emplace_back(each.name);
    return names;
}

struct NewFile::Inside {
    Inside(const posix::Place& where, std::string wanted, const Entry& there)
        : place(where), path(std::move(wanted)), now(there), temporary(where) {}
    const posix::Place& place;
    const std::string path;
    const Entry& now;
    Temporary temporary;
    sdk::Fd fd;
};

NewFile::NewFile(const posix::Place& place, const std::string& path, const Entry& now)
    : inside_(std::make_unique<Inside>(place, path, now)) {}
NewFile::NewFile(NewFile&&) noexcept = default;
NewFile::~NewFile() = default;

void NewFile::write(std::string_view content, const posix::Ownership& after, Kept kept) {
    const posix::Place& place = inside_->place;
    const std::string& path = inside_->path;
    sdk::Fd& fd = inside_->fd;
    inside_->temporary.create(path, [&](const char* name) {
        fd = sdk::Fd(::openat(place.folder.get(), name,
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        return static_cast<bool>(fd);
    });
    // What the directory hands down, before there is anything to read.
    posix::drop_access_acl(fd.get(), path);
    write_all(fd.get(), content, path);
    if (::fchown(fd.get(), *after.uid, *after.gid) != 0)
        throw posix::os_failure(errno, "set the owner of " + path);
    if (kept != Kept::nothing) {
        const sdk::Fd old = open_old(place, path, inside_->now);
        copy_attributes(old.get(), fd.get(), kept, path);
        copy_flags(old.get(), fd.get(), path);
    }
    // After the ACL, whose mask is the group part of the mode.
    if (::fchmod(fd.get(), *after.mode) != 0)
        throw posix::os_failure(errno, "set the mode of " + path);
}

void NewFile::start_sync() {
    // Only a hint: sync() waits for it, and tells what goes wrong.
    (void)::sync_file_range(inside_->fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

void NewFile::sync() {
    if (::fsync(inside_->fd.get()) != 0) throw posix::os_failure(errno, "sync " + inside_->path);
}

void NewFile::show(const std::function<void(const std::string& now_at)>& look) {
    const auto& [place, path, now, temporary, fd] = *inside_;
    struct stat before {
    }, after{};
    if (::fstat(fd.get(), &before) != 0) throw posix::os_failure(errno, "look at the new " + path);
    inside_->fd.reset();
    look(posix::join(posix::parent(path), temporary.name()));
    const int found = ::fstatat(place.folder.get(), temporary.name(), &after, AT_SYMLINK_NOFOLLOW);
    if (found != 0 || !is_untouched(before, after))
        throw sdk::Failure(EK_E_CONFLICT,
                           "the new " + path + " was changed before it was in place");
}

void NewFile::move_into_place(const sdk::Call& call) {
    files::move_into_place(inside_->temporary, inside_->place, inside_->path, inside_->now, call);
}

void replace_with_symlink(const posix::Place& place, const std::string& path, const Entry& now,
                          const std::string& target, const posix::Ownership& after,
                          const sdk::Call& call) {
    Temporary temporary(place);
    temporary.create(path, [&](const char* name) {
        return ::symlinkat(target.c_str(), place.folder.get(), name) == 0;
    });
    set_symlink_owner(place.folder.get(), temporary.name(), path, after,
                      [&](const auto& info) { return info.st_uid == ::geteuid(); });
    move_into_place(temporary, place, path, now, call);
    posix::sync_folder(place.folder);
}

}  // namespace evenkeel::files
