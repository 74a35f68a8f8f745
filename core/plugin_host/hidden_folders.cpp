#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

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
        return errno == ENOENT ? Result<void>() : fail(system_error(errno, "cannot cover it"));
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

// With these a process reaches what is hidden by another way.
constexpr std::array kUndoing = {"CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_MODULE",
                                 "CAP_SYS_RAWIO", "CAP_MKNOD"};

bool declares(const plugin::Permissions& permissions, std::string_view capability) {
    const auto& all = permissions.capabilities;
    return std::find(all.begin(), all.end(), capability) != all.end();
}

// Nothing when it declares none of them.
std::string undoing_capability(const plugin::Service& service) {
    for (const char* capability : kUndoing)
        if (declares(service.permissions, capability)) return capability;
    return "";
}

std::string gap_of(const std::string& folder, const std::string& why) {
    return "it may read " + folder + ": " + why;
}

}  // namespace

void hide_folders(const plugin::Service& service, std::vector<std::string>& gaps) {
    const bool reads_all =
        !service.changes_user || declares(service.permissions, "CAP_DAC_READ_SEARCH");
    if (!reads_all || ::geteuid() != 0 || service.hidden.empty()) return;
    const std::string undoing = undoing_capability(service);
    const Result<void> opened = undoing.empty()
                                    ? leave_the_common_view()
                                    : Result<void>(fail(Errc::denied, "it declares " + undoing));
    for (const std::string& folder : service.hidden) {
        struct stat info {};
        if (::stat(folder.c_str(), &info) != 0) continue;
        Result<void> done = opened;
        if (done && lies_in(service.package.object, folder))
            done = fail(Errc::conflict, "the plugin itself lies there");
        if (done) done = hide(folder, service.data_dir);
        if (!done) gaps.push_back(gap_of(folder, done.error().what));
    }
}

}  // namespace evenkeel::plugin_host
