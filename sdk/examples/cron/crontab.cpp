#include "crontab.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <evenkeel/cpp/failure.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cron {

namespace {

// Without a dot: cron runs no file that has one in its name. So the new one, which has, is not run.
constexpr std::string_view kPrefix = "evenkeel-";
constexpr std::size_t kFileBytesMax = 65536;

sdk::Failure failure_of(int reason, const std::string& doing) {
    const bool is_denied = reason == EACCES || reason == EPERM || reason == EROFS;
    return sdk::Failure(is_denied ? EK_E_DENIED : EK_E_UNAVAILABLE,
                        "cannot " + doing + ": " + std::strerror(reason));
}

std::string_view next_line(std::string_view& lines) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
    return line;
}

std::string_view next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    return word;
}

Entry entry_of(std::string_view line) {
    Entry entry;
    const int fields =
        line.find_first_not_of(" \t") != line.npos && line[line.find_first_not_of(" \t")] == '@'
            ? 1
            : 5;
    for (int at = 0; at < fields; ++at) {
        if (at > 0) entry.schedule += ' ';
        entry.schedule += next_word(line);
    }
    entry.user = next_word(line);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    entry.command = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    return entry;
}

std::string read_all(int fd, const std::string& path) {
    std::string text;
    std::array<char, 4096> piece{};
    while (true) {
        const ssize_t count = ::read(fd, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw failure_of(errno, "read " + path);
        if (count == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(count));
        if (text.size() > kFileBytesMax)
            throw sdk::Failure(EK_E_UNAVAILABLE, path + " is larger than 64 KiB");
    }
}

void write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno != EINTR) throw failure_of(errno, "write " + path);
        if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    }
}

}  // namespace

Found parse(std::string_view lines) {
    Found found;
    int entries = 0;
    while (!lines.empty()) {
        const std::string_view line = next_line(lines);
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (first == line.npos || line[first] == '#') continue;
        if (++entries == 1) found.entry = entry_of(line);
    }
    if (entries != 1)
        found.problem = entries == 0 ? "there is no entry in the file"
                                     : "there are other lines in the file besides the entry";
    return found;
}

Crontabs::Crontabs(std::string folder) : folder_(std::move(folder)) {
    open_folder();
}

sdk::Fd Crontabs::open_folder() const {
    sdk::Fd fd(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd && errno == ENOENT)
        throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + folder_).hint("install cron");
    if (!fd) throw failure_of(errno, "open " + folder_);
    return fd;
}

std::vector<std::string> Crontabs::names() const {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder_.c_str()), ::closedir);
    if (!directory) throw failure_of(errno, "list " + folder_);
    std::vector<std::string> names;
    while (const dirent* file = ::readdir(directory.get()))
        if (auto name = name_of(file->d_name)) names.push_back(std::move(*name));
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<Found> Crontabs::read(const std::string& name) const {
    const std::string path = folder_ + "/" + std::string(kPrefix) + name;
    const sdk::Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd && errno == ENOENT) return std::nullopt;
    if (!fd && errno == ELOOP) {
        Found link;
        link.problem = "it is a symbolic link";
        return link;
    }
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) throw failure_of(errno, "read " + path);
    Found found = S_ISREG(info.st_mode) ? parse(read_all(fd.get(), path)) : Found();
    found.mtime = info.st_mtime;
    if (!S_ISREG(info.st_mode)) found.problem = "it is no file";
    else if (info.st_uid != 0) found.problem = "it does not belong to root";
    else if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) found.problem = "others can write to it";
    return found;
}

void Crontabs::write(const std::string& name, const Entry& entry) const {
    const sdk::Fd folder = open_folder();
    const std::string file = std::string(kPrefix) + name, made = "." + file + ".new";
    if (::unlinkat(folder.get(), made.c_str(), 0) != 0 && errno != ENOENT)
        throw failure_of(errno, "remove " + folder_ + "/" + made);
    sdk::Fd fd(::openat(folder.get(), made.c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd) throw failure_of(errno, "make " + folder_ + "/" + made);
    // Whatever the umask is: cron has to read it, and nobody else may write it.
    if (::fchmod(fd.get(), 0644) != 0 || ::fchown(fd.get(), 0, 0) != 0)
        throw failure_of(errno, "give to root " + folder_ + "/" + made);
    write_all(fd.get(),
              "# Kept by Evenkeel: the collection cron.\n" + entry.schedule + " " + entry.user +
                  " " + entry.command + "\n",
              folder_ + "/" + made);
    if (::fsync(fd.get()) != 0 ||
        ::renameat(folder.get(), made.c_str(), folder.get(), file.c_str()) != 0 ||
        ::fsync(folder.get()) != 0)
        throw failure_of(errno, "replace " + folder_ + "/" + file);
}

void Crontabs::remove(const std::string& name) const {
    const sdk::Fd folder = open_folder();
    const std::string file = std::string(kPrefix) + name;
    if ((::unlinkat(folder.get(), file.c_str(), 0) != 0 && errno != ENOENT) ||
        ::fsync(folder.get()) != 0)
        throw failure_of(errno, "remove " + folder_ + "/" + file);
}

bool Crontabs::is_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= 64 && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return is_letter(c) || c == '-' || c == '_'; });
}

std::optional<std::string> Crontabs::name_of(std::string_view file) {
    if (file.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
    file.remove_prefix(kPrefix.size());
    return is_name(file) ? std::optional(std::string(file)) : std::nullopt;
}

}  // namespace cron
