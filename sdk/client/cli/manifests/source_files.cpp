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

    void allow(const std::vector<std::string>& folders) {
        for (const std::string& folder : folders) {
            std::error_code error;
            const fs::path real = fs::canonical(folder, error);
            if (error) add(folder, error.message());
            else if (!fs::is_directory(real, error)) add(folder, "is no folder");
            else allowed_.push_back(real);
        }
    }
    void standard_input() { files_.push_back({"-", "", "", allowed_}); }

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
        files_.push_back(
            {path, real, fs::canonical(parent.empty() ? "." : parent, none), allowed_});
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
        files_.push_back({entry.path(), real, confine, allowed_});
    }

    Problems& problems_;
    std::vector<SourceFile>& files_;
    std::vector<std::string> allowed_;  // without symbolic links
};

}  // namespace

std::vector<SourceFile> source_files(const std::vector<std::string>& sources,
                                     const std::vector<std::string>& allowed, Problems& problems) {
    std::vector<SourceFile> files;
    Walk walk(problems, files);
    walk.allow(allowed);
    for (const std::string& source : sources) {
        std::error_code none;
        if (source == "-") walk.standard_input();
        else if (fs::is_directory(source, none)) walk.folder(source);
        else walk.file(source);
    }
    return files;
}

NamedFile find_named(const SourceFile& from, const std::string& name) {
    const fs::path given(name);
    if (name.empty() || name.find('\0') != std::string::npos) return {"", "must name a file"};
    if (from.confine.empty() && !given.is_absolute()) {
        return {"", "standard input has no folder beside it"};
    }
    std::error_code error;
    const fs::path real = fs::canonical(fs::path(from.path).parent_path() / given, error);
    if (error) return {"", name + ": " + error.message()};
    const bool is_beside = !from.confine.empty() && is_within(real, from.confine);
    const bool is_allowed =
        is_beside || std::any_of(from.allowed.begin(), from.allowed.end(),
                                 [&](const auto& folder) { return is_within(real, folder); });
    if (!is_allowed) {
        return {"", name +
                        " leads out of the folder of the manifests; --allow-files DIR allows "
                        "files of another folder"};
    }
    if (!fs::is_regular_file(real, error)) return {"", name + " is not a regular file"};
    return {real, "", !is_beside};
}

}  // namespace evenkeel::cli
