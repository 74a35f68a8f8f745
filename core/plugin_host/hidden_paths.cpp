#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/plugin_host/sandbox.hpp"

namespace evenkeel::plugin_host {
namespace {

constexpr unsigned long kEmptyFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* kEmptyOptions = "size=64k,mode=0755";

bool lies_in(const std::string& path, const std::string& folder) {
    return path.starts_with(folder + "/");
}

// What is mounted later is seen, and what is mounted here stays here.
Result<void> leave_the_common_view() {
    if (::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0)
        return {};
    return fail(system_error(errno, "it has no view of files of its own"));
}

Result<void> keep(int own, const std::string& kept) {
    const std::string source = "/proc/self/fd/" + std::to_string(own);
    EK_CHECK(make_folder(kept, 0700));
    if (::mount(source.c_str(), kept.c_str(), nullptr, MS_BIND, nullptr) == 0) return {};
    return fail(system_error(errno, "cannot keep " + kept));
}

// `kept`, a folder in it, is there all the same.
Result<void> hide(const std::string& folder, const std::string& kept) {
    const Fd own(lies_in(kept, folder) ? ::open(kept.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)
                                       : -1);
    // Plugins that look at mounts know these by the name: docs/plugin-abi.md.
    if (::mount("evenkeel-hidden", folder.c_str(), "tmpfs", kEmptyFlags, kEmptyOptions) != 0)
        return fail(system_error(errno, "cannot cover it"));
    if (own) {
        if (auto is_kept = keep(own.get(), kept); !is_kept) {
            ::umount2(folder.c_str(), MNT_DETACH);
            return is_kept;
        }
    }
    if (::mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT | MS_RDONLY | kEmptyFlags,
                kEmptyOptions) == 0)
        return {};
    return fail(system_error(errno, "cannot close it"));
}

Result<void> hide_file(const std::string& path) {
    if (::mount("/dev/null", path.c_str(), nullptr, MS_BIND, nullptr) == 0) return {};
    return fail(system_error(errno, "cannot cover it"));
}

Result<void> hide_path(const std::string& path, const plugin::Service& service) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        const bool is_absent = errno == ENOENT || errno == ENOTDIR;
        return is_absent ? fail(Errc::not_found, "it was not there yet when it was to be hidden")
                         : fail(system_error(errno, "cannot look at it"));
    }
    if (S_ISSOCK(info.st_mode))
        return fail(Errc::conflict, "a socket that is made anew in a folder of others is seen");
    if (!S_ISDIR(info.st_mode)) return hide_file(path);
    if (lies_in(service.package.object, path))
        return fail(Errc::conflict, "the plugin itself lies there");
    return hide(path, service.data_dir);
}

// With these a process reaches what is hidden by another way.
constexpr std::array kUndoing = {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_MODULE",
                                 "CAP_SYS_RAWIO", "CAP_MKNOD"};

// Nothing when it declares none of them.
std::string undoing_capability(const plugin::Service& service) {
    for (const char* capability : kUndoing)
        if (service.permissions.declares(capability)) return capability;
    return "";
}

}  // namespace

void hide_paths(const plugin::Service& service, std::vector<std::string>& notes) {
    const bool reads_all =
        !service.changes_user || service.permissions.declares("CAP_DAC_READ_SEARCH");
    if (!reads_all || ::geteuid() != 0 || service.hidden.empty()) return;
    const std::string undoing = undoing_capability(service);
    const Result<void> opened = undoing.empty()
                                    ? leave_the_common_view()
                                    : Result<void>(fail(Errc::denied, "it declares " + undoing));
    std::vector<std::string> covered;
    for (const std::string& path : service.hidden) {
        const bool is_in_one = std::any_of(covered.begin(), covered.end(), [&](const auto& folder) {
            return lies_in(path, folder);
        });
        if (is_in_one) continue;
        const Result<void> hidden = opened ? hide_path(path, service) : opened;
        if (!hidden) notes.push_back("it may read " + path + ": " + hidden.error().what);
        else covered.push_back(path);
    }
}

}  // namespace evenkeel::plugin_host
