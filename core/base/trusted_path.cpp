#include "core/base/trusted_path.hpp"

#include <cerrno>
#include <cstdlib>
#include <memory>

#include <sys/stat.h>
#include <unistd.h>

namespace evenkeel {
namespace {

Result<void> check_owner(const struct stat& info, const std::string& path, TrustedOwner owner) {
    const bool owned =
        info.st_uid == 0 || (owner == TrustedOwner::own_user && info.st_uid == ::geteuid());
    if (owned) return {};
    const std::string whom = owner == TrustedOwner::root ? "root" : "root or the running user";
    return fail(Errc::denied, path + " belongs to user " + std::to_string(info.st_uid) +
                                  " and not to " + whom + ": chown it to root if you trust it");
}

// `is_last`: what is asked for; else a folder above it.
Result<void> check(const std::string& path, bool is_last, TrustedOwner owner) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        if (errno == ENOENT) return {};
        return fail(system_error(errno, "cannot look at " + path));
    }
    EK_CHECK(check_owner(info, path, owner));
    if (S_ISLNK(info.st_mode)) return {};  // where it leads is looked at too
    const mode_t others = ::geteuid() == 0 ? S_IWGRP | S_IWOTH : S_IWOTH;
    const bool sticky = !is_last && (info.st_mode & S_ISVTX) != 0;
    if ((info.st_mode & others) == 0 || sticky) return {};
    return fail(Errc::denied, path +
                                  " can be written by others than its owner: chmod go-w it if you "
                                  "trust it");
}

Result<void> check_each(const std::string& path, TrustedOwner owner) {
    for (std::size_t at = 0; at != std::string::npos;) {
        const std::size_t slash = path.find('/', at + 1);
        const std::string part = path.substr(0, at == 0 ? 1 : at);
        EK_CHECK(check(part, false, owner));
        at = slash;
    }
    return check(path, true, owner);
}

}  // namespace

TrustedOwner trusted_owner() {
    return ::geteuid() == 0 ? TrustedOwner::root : TrustedOwner::own_user;
}

Result<void> require_trusted(const std::string& path, TrustedOwner owner) {
    std::string whole = path;
    while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
    if (whole.empty() || whole.front() != '/') {
        const std::unique_ptr<char, void (*)(void*)> here(::getcwd(nullptr, 0), ::free);
        if (!here) return fail(system_error(errno, "cannot find the current folder"));
        whole = std::string(here.get()) + "/" + whole;
    }
    EK_CHECK(check_each(whole, owner));
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(whole.c_str(), nullptr), ::free);
    if (!real || whole == real.get()) return {};
    return check_each(real.get(), owner);
}

}  // namespace evenkeel
