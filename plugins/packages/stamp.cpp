#include "plugins/packages/stamp.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace evenkeel::packages {

namespace {

std::string text_of(const timespec& time) {
    return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
}

// Through symlinks: what they lead to is what is read. Returns whether it is a folder.
bool add_stamp(std::string& all, const std::string& path) {
    struct stat info {};
    all += path;
    if (::stat(path.c_str(), &info) != 0) {
        all += " -\n";
        return false;
    }
    for (const std::string& part : {std::to_string(info.st_ino), std::to_string(info.st_size),
                                    text_of(info.st_mtim), text_of(info.st_ctim)})
        (all += " ") += part;
    all += "\n";
    return S_ISDIR(info.st_mode);
}

std::vector<std::string> entries_of(const std::string& folder) {
    std::vector<std::string> paths;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error))
        paths.push_back(at->path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace

std::string stamp_of(const std::vector<std::string>& paths) {
    std::string all;
    for (const std::string& path : paths)
        if (add_stamp(all, path))
            for (const std::string& entry : entries_of(path)) add_stamp(all, entry);
    return all;
}

}  // namespace evenkeel::packages
