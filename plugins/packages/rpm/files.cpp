#include "plugins/packages/rpm/files.hpp"

#include <algorithm>

#include <glob.h>
#include <sys/stat.h>

#include "plugins/packages/text.hpp"
#include "plugins/posix/read_file.hpp"

namespace evenkeel::packages {

namespace {

constexpr std::size_t kContentMax = 1024 * 1024;

}  // namespace

std::string content_of(const std::string& path) {
    return posix::read_file(path, kContentMax).value_or("");
}

std::vector<std::string> matching(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

std::vector<std::string> setting_in(std::string_view config, std::string_view key) {
    std::vector<std::string> words;
    bool goes_on = false;
    for (std::string_view line : lines_of(config)) {
        const bool indented = starts(line, " ") || starts(line, "\t");
        if (starts(line, key)) {
            const std::string_view before = take_part(line, '=');
            goes_on = before.substr(key.size()).find_first_not_of(" \t") == before.npos;
        } else {
            goes_on = goes_on && indented;
        }
        if (!goes_on) continue;
        std::string list(line);
        std::replace_if(
            list.begin(), list.end(), [](char c) { return c == ',' || c == '\t'; }, ' ');
        for (const std::string_view word : words_of(list)) words.emplace_back(word);
    }
    return words;
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
