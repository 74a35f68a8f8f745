#include "core/plugin/checked_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

namespace evenkeel::plugin {
namespace {

// The part of an ELF header that is laid out alike for all machines of this byte order.
struct ElfStart {
    unsigned char ident[EI_NIDENT];
    std::uint16_t type, machine;
};

std::string machine_name(std::uint16_t machine) {
    switch (machine) {
        case EM_386:
            return "i386";
        case EM_X86_64:
            return "x86-64";
        case EM_ARM:
            return "arm";
        case EM_AARCH64:
            return "aarch64";
        case EM_PPC64:
            return "ppc64";
        case EM_S390:
            return "s390x";
        case EM_RISCV:
            return "riscv";
        default:
            return "machine " + std::to_string(machine);
    }
}

// Of this very program.
Result<ElfStart> own_start() {
    ElfStart own{};
    const Fd fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    if (!fd || ::read(fd.get(), &own, sizeof own) != static_cast<ssize_t>(sizeof own))
        return fail(system_error(errno, "cannot read /proc/self/exe"));
    return own;
}

}  // namespace

Result<void> require_safe(const struct stat& info, const std::string& path, bool accept_own_user) {
    const bool owned = info.st_uid == 0 || (accept_own_user && info.st_uid == ::geteuid());
    if (!owned)
        return fail(Errc::denied, path + " belongs to user " + std::to_string(info.st_uid) +
                                      " and not to root: chown it to root if you trust it");
    if ((info.st_mode & 022) != 0)
        return fail(Errc::denied, path +
                                      " can be written by others than its owner: chmod go-w it "
                                      "if you trust it");
    return {};
}

Result<CheckedFile> CheckedFile::open(const std::string& path, bool accept_own_user) {
    CheckedFile file;
    file.path_ = path;
    file.fd_ = Fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.fd_ && errno == ELOOP)
        return fail(Errc::denied, path + " is a symlink: put the file itself there");
    if (!file.fd_ || ::fstat(file.fd_.get(), &file.info_) != 0)
        return fail(system_error(errno, "cannot open " + path + ", install the plugin again"));
    if (!S_ISREG(file.info_.st_mode))
        return fail(Errc::denied, path + " is no regular file: put the file itself there");
    EK_CHECK(require_safe(file.info_, path, accept_own_user));
    return file;
}

Result<void> CheckedFile::read(std::size_t most,
                               const std::function<void(std::string_view)>& take) const {
    std::array<char, 64 * 1024> buffer;
    for (std::size_t total = 0;;) {
        const ssize_t length =
            ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(total));
        if (length < 0 && errno == EINTR) continue;
        if (length < 0)
            return fail(system_error(errno, "cannot read " + path_ + ", install the plugin again"));
        if (length == 0) return {};
        total += static_cast<std::size_t>(length);
        if (total > most)
            return fail(Errc::limit, path_ + " is too large: install the plugin again");
        take(std::string_view(buffer.data(), static_cast<std::size_t>(length)));
    }
}

bool is_unchanged(const struct stat& before, const struct stat& now) {
    const auto same = [](const timespec& a, const timespec& b) {
        return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return before.st_dev == now.st_dev && before.st_ino == now.st_ino &&
           before.st_size == now.st_size && same(before.st_mtim, now.st_mtim) &&
           same(before.st_ctim, now.st_ctim);
}

Result<void> check_elf(std::string_view beginning) {
    ElfStart start{};
    std::memcpy(&start, beginning.data(), std::min(beginning.size(), sizeof start));
    if (std::memcmp(start.ident, ELFMAG, SELFMAG) != 0)
        return fail(Errc::invalid, "is no ELF file");
    const ElfStart own = EK_TRY(own_start());
    if (start.machine != own.machine || start.ident[EI_CLASS] != own.ident[EI_CLASS] ||
        start.ident[EI_DATA] != own.ident[EI_DATA])
        return fail(Errc::unsupported, "is built for " + machine_name(start.machine) +
                                           " and this agent for " + machine_name(own.machine));
    if (start.type != ET_DYN) return fail(Errc::invalid, "is no shared object");
    return {};
}

}  // namespace evenkeel::plugin
