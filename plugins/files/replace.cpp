#include "plugins/files/replace.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "plugins/posix/failure.hpp"

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

bool is_unchanged(const Entry& now, const posix::Place& place) {
    const auto there = place.info();
    if (!there || now.kind == Kind::absent) return !there && now.kind == Kind::absent;
    return there->st_dev == now.info.st_dev && there->st_ino == now.info.st_ino &&
           there->st_ctim.tv_sec == now.info.st_ctim.tv_sec &&
           there->st_ctim.tv_nsec == now.info.st_ctim.tv_nsec;
}

void move_into_place(Temporary& temporary, const posix::Place& place, const std::string& path,
                     const Entry& now, const sdk::Call& call) {
    call.check();
    const sdk::Failure moved(EK_E_CONFLICT, path + " was changed by somebody else meanwhile");
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
    posix::sync_folder(place.folder);
}

// Owner, group and mode of the new file. Like chown, it drops the setuid bits with a new owner.
struct NewOwnership {
    uid_t uid = ::geteuid();
    gid_t gid = ::getegid();
    mode_t mode = 0644;
};

NewOwnership new_ownership(const Entry& now, const posix::Ownership& desired) {
    NewOwnership result;
    if (now.kind == Kind::file)
        result = {now.info.st_uid, now.info.st_gid, now.info.st_mode & 07777u};
    const bool other_owner = desired.uid.value_or(result.uid) != result.uid ||
                             desired.gid.value_or(result.gid) != result.gid;
    if (other_owner) result.mode &= 01777u;
    return {desired.uid.value_or(result.uid), desired.gid.value_or(result.gid),
            desired.mode.value_or(result.mode)};
}

bool has_prefix(const std::string& text, std::string_view prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

// Copies the extended attributes that are to be kept. The label of a security module is set on a
// best-effort basis; losing an ACL is an error.
void copy_attributes(int from, int to, const std::string& path) {
    std::vector<char> names(64 * 1024);
    const ssize_t length = ::flistxattr(from, names.data(), names.size());
    if (length < 0 && errno == ENOTSUP) return;
    if (length < 0) throw posix::os_failure(errno, "list the attributes of " + path);
    std::vector<char> value(64 * 1024);
    for (ssize_t at = 0; at < length;) {
        const std::string name(names.data() + at);
        at += static_cast<ssize_t>(name.size()) + 1;
        const bool label = name == "security.selinux" || name == "security.SMACK64";
        if (!label && !has_prefix(name, "user.") && name != "system.posix_acl_access") continue;
        const ssize_t size = ::fgetxattr(from, name.c_str(), value.data(), value.size());
        const bool set = size >= 0 && ::fsetxattr(to, name.c_str(), value.data(),
                                                  static_cast<std::size_t>(size), 0) == 0;
        if (!set && !label) throw posix::os_failure(errno, "keep " + name + " of " + path);
    }
}

void write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw posix::os_failure(errno, "write " + path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
}

sdk::Fd open_old(const posix::Place& place, const std::string& path) {
    sdk::Fd old(::openat(place.folder.get(), place.name.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!old) throw posix::os_failure(errno, "open " + path);
    return old;
}

}  // namespace

std::string temporary_name(std::string_view name) {
    return ".evenkeel-" + content_of(name).sha256.substr(0, 16);
}

void replace_with_file(const posix::Place& place, const std::string& path, const Entry& now,
                       std::string_view content, const posix::Ownership& desired,
                       const sdk::Call& call) {
    const NewOwnership result = new_ownership(now, desired);
    Temporary temporary(place);
    sdk::Fd fd;
    temporary.create(path, [&](const char* name) {
        fd = sdk::Fd(::openat(place.folder.get(), name,
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        return static_cast<bool>(fd);
    });
    write_all(fd.get(), content, path);
    if (::fchown(fd.get(), result.uid, result.gid) != 0)
        throw posix::os_failure(errno, "set the owner of " + path);
    if (now.kind == Kind::file) copy_attributes(open_old(place, path).get(), fd.get(), path);
    // After the ACL, whose mask is the group part of the mode.
    if (::fchmod(fd.get(), result.mode) != 0)
        throw posix::os_failure(errno, "set the mode of " + path);
    if (::fsync(fd.get()) != 0) throw posix::os_failure(errno, "sync " + path);
    move_into_place(temporary, place, path, now, call);
}

void replace_with_symlink(const posix::Place& place, const std::string& path, const Entry& now,
                          const std::string& target, const posix::Ownership& desired,
                          const sdk::Call& call) {
    const bool keeps = now.kind == Kind::symlink;
    const uid_t uid = desired.uid.value_or(keeps ? now.info.st_uid : ::geteuid());
    const gid_t gid = desired.gid.value_or(keeps ? now.info.st_gid : ::getegid());
    Temporary temporary(place);
    temporary.create(path, [&](const char* name) {
        return ::symlinkat(target.c_str(), place.folder.get(), name) == 0;
    });
    if (::fchownat(place.folder.get(), temporary.name(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
        throw posix::os_failure(errno, "set the owner of " + path);
    move_into_place(temporary, place, path, now, call);
}

}  // namespace evenkeel::files
