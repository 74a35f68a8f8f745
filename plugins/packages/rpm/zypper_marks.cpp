#include "plugins/packages/rpm/zypper_marks.hpp"

#include <algorithm>
#include <cerrno>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/plugin.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/packages/lock.hpp"
#include "plugins/packages/text.hpp"
#include "plugins/posix/failure.hpp"
#include "plugins/posix/read_file.hpp"

namespace evenkeel::packages {

namespace {

constexpr std::size_t kListMax = 1024 * 1024;
constexpr mode_t kMode = 0644;  // libzypp's

// The name in a line; "" in a comment.
std::string_view name_in(std::string_view line) {
    constexpr std::string_view kBlank = " \t\r";
    const auto begin = line.find_first_not_of(kBlank);
    if (begin == line.npos || line[begin] == '#') return {};
    return line.substr(begin, line.find_last_not_of(kBlank) + 1 - begin);
}

[[noreturn]] void throw_busy() {
    throw sdk::Failure(EK_E_BUSY, "zypp is locked by another process").hint("it is tried again");
}

// A libzypp that starts takes this lock for the moment in which it looks whether another works,
// and leaves its number in the file. So one that starts now waits, and reads the list afterwards.
// A lock of the open file, not of the process: the watch opens and closes this file too.
sdk::Fd lock_zypp(const std::string& path) {
    sdk::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kMode));
    if (!file) throw posix::os_failure(errno, "open " + path);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES) throw_busy();
        throw posix::os_failure(errno, "lock " + path);
    }
    if (pid_in(path)) throw_busy();
    return file;
}

// Whoever reads the list sees the old one or the new one.
void replace(const std::string& path, const std::string& text) {
    const std::string other = path + ".new";
    const sdk::Fd file(
        ::open(other.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kMode));
    if (!file) throw posix::os_failure(errno, "write " + other);
    errno = ENOSPC;  // where less is written than asked
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fchmod(file.get(), kMode) != 0 || ::fsync(file.get()) != 0 ||
        ::rename(other.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(other.c_str());
        throw posix::os_failure(error, "write " + path);
    }
}

}  // namespace

std::optional<bool> ZypperMarks::is_automatic(std::string_view name) const {
    const auto text = posix::read_file(list, kListMax);
    if (!text) return std::nullopt;
    const auto lines = lines_of(*text);
    return std::any_of(lines.begin(), lines.end(),
                       [&](std::string_view line) { return name_in(line) == name; });
}

void ZypperMarks::erase(const std::vector<std::string>& names) const {
    const sdk::Fd locked = lock_zypp(lock);
    if (const auto text = posix::read_file(list, kListMax))
        replace(list, without_names(*text, names));
}

std::string without_names(std::string_view list, const std::vector<std::string>& names) {
    std::string rest;
    for (const std::string_view line : lines_of(list))
        if (std::find(names.begin(), names.end(), name_in(line)) == names.end())
            (rest += line) += "\n";
    return rest;
}

}  // namespace evenkeel::packages
