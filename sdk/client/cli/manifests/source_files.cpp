#include "sdk/client/cli/manifests/source_files.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace evenkeel::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMost = 10'000;

bool is_within(const fs::path& path, const fs::path& folder) {
    const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
    return end == folder.end();
}

class Walk {
  public:
    Walk(Problems& problems, std::vector<SourceFile>& files) : problems_(problems), files_(files) {}

    void folder(const std::string& path) {
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        if (error) return add(path, error.message());
        walk(path, real);
    }

    void file(const std::string& path) {
        // What cannot be found is told when it is read; a pipe is found nowhere.
        std::error_code none;
        const fs::path parent = fs::path(path).parent_path();
        const fs::path real = fs::canonical(path, none);
        files_.push_back({path, real, fs::canonical(parent.empty() ? "." : parent, none)});
    }

  private:
    void add(const std::string& path, std::string why) {
        problems_.push_back({path, "invalid", std::move(why)});
    }

    void walk(const fs::path& folder, const fs::path& confine) {
        std::error_code error;
        std::vector<fs::directory_entry> entries;
        for (fs::directory_iterator at(folder, error), end; !error && at != end;
             at.increment(error)) {
            entries.push_back(*at);
        }
        if (error) return add(folder, error.message());
        std::sort(entries.begin(), entries.end());
        for (const fs::directory_entry& entry : entries) {
            if (files_.size() > kFilesMost) return;
            visit(entry, confine);
        }
    }

    void visit(const fs::directory_entry& entry, const fs::path& confine) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with('.')) return;
        std::error_code error;
        const bool is_link = entry.is_symlink(error);
        if (entry.is_directory(error)) {
            if (is_link) return add(entry.path(), "a symbolic link to a folder is not followed");
            return walk(entry.path(), confine);
        }
        if (!is_document_name(name)) return;
        const fs::path real = fs::canonical(entry.path(), error);
        if (error) return add(entry.path(), error.message());
        if (!is_within(real, confine)) {
            return add(entry.path(), "a symbolic link that leads out of the folder");
        }
        if (!fs::is_regular_file(real, error)) return add(entry.path(), "not a regular file");
        if (files_.size() == kFilesMost) {
            add(entry.path(), "there are more than 10000 files of manifests");
        }
        files_.push_back({entry.path(), real, confine});
    }

    Problems& problems_;
    std::vector<SourceFile>& files_;
};

}  // namespace

std::vector<SourceFile> source_files(const std::vector<std::string>& sources, Problems& problems) {
    std::vector<SourceFile> files;
    Walk walk(problems, files);
    for (const std::string& source : sources) {
        std::error_code none;
        if (source == "-") files.push_back({source, "", ""});
        else if (fs::is_directory(source, none)) walk.folder(source);
        else walk.file(source);
    }
    return files;
}

NamedFile find_beside(const SourceFile& from, const std::string& name) {
    if (from.confine.empty()) return {"", "standard input has no folder beside it"};
    const fs::path given(name);
    if (name.empty() || given.is_absolute() || name.find('\0') != std::string::npos) {
        return {"", "must be the path of a file from the manifest's folder"};
    }
    std::error_code error;
    const fs::path real = fs::canonical(fs::path(from.path).parent_path() / given, error);
    if (error) return {"", name + ": " + error.message()};
    if (!is_within(real, from.confine)) return {"", name + " leads out of the folder"};
    if (!fs::is_regular_file(real, error)) return {"", name + " is not a regular file"};
    return {real, ""};
}

}  // namespace evenkeel::cli
