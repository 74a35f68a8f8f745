#include "plugins/packages/rpm/files.hpp"

#include <algorithm>
#include <fstream>

#include <glob.h>
#include <sys/stat.h>

namespace evenkeel::packages {

namespace {

constexpr std::size_t kContentMax = 1024 * 1024;

}  // namespace

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(kContentMax, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::vector<std::string> matching(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

std::string stamp_of(const std::vector<std::string>& paths) {
    std::string all;
    for (const std::string& path : paths) {
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) continue;
        all += path + " " + std::to_string(info.st_ino) + " " +
               std::to_string(info.st_ctim.tv_sec) + "." + std::to_string(info.st_ctim.tv_nsec) +
               "\n";
    }
    return all;
}

std::time_t newest_of(const std::vector<std::string>& paths) {
    std::time_t newest = 0;
    for (const std::string& path : paths) {
        struct stat info {};
        if (::stat(path.c_str(), &info) == 0) newest = std::max(newest, info.st_mtim.tv_sec);
    }
    return newest;
}

}  // namespace evenkeel::packages
