#include "core/base/file.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <sstream>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/base/id.hpp"
#include "core/base/text.hpp"

namespace evenkeel {
std::string parent_of(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

Result<void> sync_path(const std::string& path) {
    const Fd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) return fail(system_error(errno, "sync " + path));
    return {};
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail(system_error(errno, "open " + path));
    std::string content;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error(errno, "read " + path));
        if (got == 0) return content;
        if (content.size() + static_cast<std::size_t>(got) > most) {
            return fail(Errc::limit, path + " has more than " + std::to_string(most) + " bytes");
        }
        content.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

Result<void> write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t put = ::write(fd, content.data(), content.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail(system_error(errno, "write"));
        content.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> write_file(const std::string& path, std::string_view content, mode_t mode) {
    const std::string temporary = path + "." + make_id("new");
    Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file) return fail(system_error(errno, "create " + temporary));
    Result<void> written = write_all(file.get(), content);
    // The umask may have taken bits away.
    if (written && (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0 ||
                    ::rename(temporary.c_str(), path.c_str()) != 0)) {
        written = fail(system_error(errno, "write " + path));
    }
    if (!written) {
        ::unlink(temporary.c_str());
        return fail("write " + path, written.error());
    }
    return sync_path(parent_of(path));
}

Result<void> make_folder(const std::string& path, mode_t mode) {
    std::error_code error;
    std::filesystem::create_directories(parent_of(path), error);
    if (::mkdir(path.c_str(), mode) != 0) {
        const int number = errno;
        if (number == EEXIST && std::filesystem::is_directory(path, error)) return {};
        return fail(system_error(number, "make folder " + path));
    }
    if (::chmod(path.c_str(), mode) != 0) return fail(system_error(errno, "set mode of " + path));
    return {};
}

namespace {

// "evenkeel-agent" of the command line "/usr/bin/evenkeel-agent run".
std::string program_of(const std::string& process) {
    std::ifstream file("/proc/" + process + "/cmdline", std::ios::binary);
    std::string path;
    std::getline(file, path, '\0');
    return printable(path.substr(path.rfind('/') + 1));
}

// Who has locked this file, as far as the kernel tells: "1: FLOCK ADVISORY WRITE 4711 08:01:513 …".
std::string holder_of(int file) {
    struct stat info {};
    std::ifstream locks("/proc/locks");
    std::string line;
    while (::fstat(file, &info) == 0 && std::getline(locks, line)) {
        std::istringstream words(line);
        std::string number, kind, how, what, process, place;
        words >> number >> kind >> how >> what >> process >> place;
        std::ostringstream wanted;
        wanted << std::hex << std::setfill('0') << std::setw(2) << major(info.st_dev) << ':'
               << std::setw(2) << minor(info.st_dev) << ':' << std::dec << info.st_ino;
        // 0 is a process that cannot be seen from here.
        if (kind != "FLOCK" || place != wanted.str() || process == "0") continue;
        const std::string program = program_of(process);
        return "process " + process + (program.empty() ? "" : " (" + program + ")");
    }
    return "another process";
}

}  // namespace

Result<Fd> lock_file(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return fail(system_error(errno, "open " + path));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return fail(Errc::busy, path + " is locked by " + holder_of(file.get()));
        }
        return fail(system_error(errno, "lock " + path));
    }
    return file;
}

}  // namespace evenkeel
