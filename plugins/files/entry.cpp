#include "plugins/files/entry.hpp"

#include <array>
#include <cerrno>
#include <climits>

#include <evenkeel/cpp/base64.hpp>
#include <fcntl.h>

#include "plugins/files/hashes.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/format.hpp"
#include "plugins/posix/ownership.hpp"

namespace evenkeel::files {

namespace {

Kind kind_of(mode_t mode) {
    if (S_ISREG(mode)) return Kind::file;
    if (S_ISLNK(mode)) return Kind::symlink;
    return S_ISDIR(mode) ? Kind::directory : Kind::other;
}

bool is_roots_alone(const posix::Place& place, const struct stat& info) {
    return info.st_uid == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0 && !place.writers.any();
}

// Who has a file mapped can change it without changing its times. So a small file that others can
// write is read each time; a large one is known for a day.
Content look_at_content(int fd, const struct stat& info, const std::string& path, bool keep_bytes,
                        bool is_roots_alone, Hashes& hashes, const sdk::Call& call) {
    const auto known = hashes.find(path, info);
    Content content{{}, static_cast<std::uint64_t>(info.st_size), {}};
    if (known) content.sha256 = hex_of(known->sha256);
    if (content.size > kReadAtOnceMax) {
        if (!known || known->is_due) hashes.compute(path, info);
        return content;
    }
    if (known && !known->is_due && !keep_bytes && is_roots_alone) return content;
    const bool was_young = Hashes::is_young(info);
    content = read_content(fd, path, keep_bytes, call);
    if (!was_young && content.sha256 && content.size == static_cast<std::uint64_t>(info.st_size))
        hashes.keep(path, info, digest_of(*content.sha256));
    return content;
}

// False if the name has been taken by something else meanwhile.
bool read_file(const posix::Place& place, const std::string& path, bool keep_bytes, Hashes& hashes,
               const sdk::Call& call, Entry& entry) {
    // O_NONBLOCK: should it have become a pipe, opening it must not wait for a writer.
    const sdk::Fd fd(::openat(place.folder.get(), place.name.c_str(),
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ELOOP || errno == ENXIO)) return false;
    if (!fd || ::fstat(fd.get(), &entry.info) != 0) throw posix::os_failure(errno, "open " + path);
    if (!S_ISREG(entry.info.st_mode)) return false;
    entry.acl = posix::access_acl(fd.get(), path);
    entry.withheld = place.writers.any() && entry.info.st_nlink > 1;
    if (entry.withheld) return true;
    entry.content = look_at_content(fd.get(), entry.info, path, keep_bytes,
                                    is_roots_alone(place, entry.info), hashes, call);
    return true;
}

bool read_symlink(const posix::Place& place, const std::string& path, Entry& entry) {
    std::array<char, PATH_MAX> target;
    const ssize_t length =
        ::readlinkat(place.folder.get(), place.name.c_str(), target.data(), target.size());
    if (length < 0 && (errno == ENOENT || errno == EINVAL)) return false;
    if (length < 0) throw posix::os_failure(errno, "read the symlink " + path);
    entry.target.assign(target.data(), static_cast<std::size_t>(length));
    return true;
}

}  // namespace

const char* to_string(Kind kind) {
    switch (kind) {
        case Kind::file:
            return "file";
        case Kind::symlink:
            return "symlink";
        case Kind::directory:
            return "directory";
        default:
            return "other";
    }
}

std::optional<Digest> trusted_hash(const posix::Place& place, const std::string& path,
                                   const struct stat& info, Hashes& hashes) {
    if (!S_ISREG(info.st_mode) || !is_roots_alone(place, info)) return std::nullopt;
    const auto known = hashes.find(path, info);
    if (!known || known->is_due) return std::nullopt;
    return known->sha256;
}

Entry read_entry(const posix::Place& place, const std::string& path, bool keep_bytes,
                 Hashes& hashes, const sdk::Call& call) {
    if (!place.missing.empty() || !place.blocker.empty()) return {};
    for (int tries = 0; tries < 5; ++tries) {
        Entry entry;
        const auto info = place.info();
        if (!info) return entry;
        entry.info = *info;
        entry.kind = kind_of(info->st_mode);
        if (entry.kind == Kind::file && !read_file(place, path, keep_bytes, hashes, call, entry))
            continue;
        if (entry.kind == Kind::symlink && !read_symlink(place, path, entry)) continue;
        return entry;
    }
    throw sdk::Failure(EK_E_BUSY, path + " is being replaced all the time");
}

std::string description_of(const Entry& entry, const std::string& path, posix::Accounts& accounts) {
    sdk::Object description;
    if (entry.kind == Kind::symlink) {
        description.text("type", "symlink").text("target", entry.target);
    } else if (entry.kind != Kind::file) {
        throw sdk::Failure(EK_E_UNSUPPORTED, path + " is neither a file nor a symlink");
    } else if (entry.withheld) {
        throw sdk::Failure(EK_E_UNSUPPORTED, path +
                                                 " has more than one name, and others than root "
                                                 "can write to a directory on the way to it");
    } else if (!entry.content.bytes) {
        throw sdk::Failure(EK_E_UNSUPPORTED, path + " is too large to be described");
    } else if (sdk::is_utf8(*entry.content.bytes)) {
        description.text("content", *entry.content.bytes);
    } else {
        description.text("content_base64", sdk::encode_base64(*entry.content.bytes));
    }
    description.text("owner", accounts.user_name(entry.info.st_uid));
    description.text("group", accounts.group_name(entry.info.st_gid));
    if (entry.kind == Kind::file) description.text("mode", posix::mode_text(entry.info.st_mode));
    return description.json();
}

namespace {

void add_file(const Entry& entry, posix::Accounts& accounts, sdk::Object& state) {
    const auto size =
        entry.withheld ? static_cast<std::uint64_t>(entry.info.st_size) : entry.content.size;
    state.number("size", static_cast<std::int64_t>(size));
    if (!entry.withheld)
        state.raw("sha256", entry.content.sha256 ? sdk::quote(*entry.content.sha256) : "null");
    if (entry.info.st_nlink > 1)
        state.number("links", static_cast<std::int64_t>(entry.info.st_nlink));
    const auto grants = entry.acl.beyond(entry.info.st_mode, entry.info.st_uid, accounts);
    if (!grants.empty()) state.raw("acl", posix::list_json(grants));
}

}  // namespace

std::string state_of(const Entry& entry, posix::Accounts& accounts) {
    sdk::Object state;
    state.text("type", to_string(entry.kind));
    if (entry.kind == Kind::symlink) state.text("target", entry.target);
    posix::add_owner(entry.info, accounts, state);
    if (entry.kind != Kind::symlink) state.text("mode", posix::mode_text(entry.info.st_mode));
    if (entry.kind == Kind::file) add_file(entry, accounts, state);
    state.text("mtime", posix::to_rfc3339(entry.info.st_mtim));
    return state.json();
}

}  // namespace evenkeel::files
