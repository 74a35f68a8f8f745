#include "plugins/services/systemd/unit_files.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string_view>

#include <dirent.h>
#include <sys/stat.h>

#include "plugins/services/systemd/names.hpp"

namespace evenkeel::services {

namespace {

std::string real_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           std::free);
    return real ? std::string(real.get()) : path;
}

bool is_there(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
}

// Whether it was changed at or after that time, itself or what it leads to.
bool changed_since(const std::string& path, std::uint64_t time_us) {
    const auto at_us = [](const struct stat& info) {
        return static_cast<std::uint64_t>(info.st_ctim.tv_sec) * 1'000'000 +
               static_cast<std::uint64_t>(info.st_ctim.tv_nsec) / 1'000;
    };
    struct stat link {
    }, file{};
    if (::lstat(path.c_str(), &link) != 0) return true;
    if (at_us(link) >= time_us) return true;
    return ::stat(path.c_str(), &file) == 0 && at_us(file) >= time_us;
}

// The names under which drop-ins are found, the first outweighing the others.
void add_drop_in_names(const std::string& unit, std::vector<std::string>& names) {
    names.push_back(unit);
    const std::size_t dot = unit.rfind('.');
    if (dot == unit.npos) return;
    const std::string suffix = unit.substr(dot);
    std::string stem = unit.substr(0, dot);
    const std::string whole = stem;
    if (const std::size_t at = stem.find('@'); at != stem.npos) {
        names.push_back(stem.substr(0, at + 1) + suffix);
        stem.resize(at);
    }
    for (std::size_t dash = stem.rfind('-'); dash != stem.npos && dash > 0;
         dash = stem.rfind('-', dash - 1))
        if (dash + 1 != whole.size()) names.push_back(stem.substr(0, dash + 1) + suffix);
    names.push_back(suffix.substr(1));
}

std::vector<std::string> conf_files(const std::string& folder) {
    struct Close {
        void operator()(DIR* opened) const { ::closedir(opened); }
    };
    std::vector<std::string> names;
    const std::unique_ptr<DIR, Close> opened(::opendir(folder.c_str()));
    if (!opened) return names;
    while (const dirent* entry = ::readdir(opened.get())) {
        const std::string_view name = entry->d_name;
        if (name.ends_with(".conf") && !name.starts_with('.')) names.emplace_back(name);
    }
    return names;
}

std::set<std::string> real_paths(const std::vector<std::string>& paths) {
    std::set<std::string> real;
    for (const std::string& path : paths) real.insert(real_path(path));
    return real;
}

// The first file of the unit's name, else of its template's, that `counts`.
template <typename Counts>
std::string first_fragment(const std::string& unit, const UnitPath& folders, Counts&& counts) {
    std::vector<std::string> names{unit};
    if (const auto of = template_of(unit)) names.push_back(*of);
    for (const std::string& name : names)
        for (const std::string& folder : folders) {
            const std::string path = folder + "/" + name;
            if (is_there(path) && counts(path)) return real_path(path);
        }
    return {};
}

}  // namespace

std::string fragment_on_disk(const std::string& unit, const UnitPath& folders) {
    return first_fragment(unit, folders, [](const std::string&) { return true; });
}

std::string fragment_behind_mask(const std::string& unit, const UnitPath& folders) {
    return first_fragment(unit, folders, [](const std::string& path) {
        struct stat info {};
        return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
    });
}

bool outweighs_masks(const std::string& unit, const UnitPath& folders) {
    for (const std::string& folder : folders) {
        if (folder == "/etc/systemd/system") return false;
        if (is_there(folder + "/" + unit)) return true;
    }
    return false;
}

std::vector<std::string> drop_ins_on_disk(const std::vector<std::string>& names,
                                          const UnitPath& folders) {
    std::vector<std::string> all;
    for (const std::string& name : names) add_drop_in_names(name, all);
    std::map<std::string, std::string> first;  // by the name of the file
    for (const std::string& name : all)
        for (const std::string& folder : folders) {
            const std::string drop_ins = folder + "/" + name + ".d";
            for (const std::string& file : conf_files(drop_ins))
                first.emplace(file, drop_ins + "/" + file);
        }
    std::vector<std::string> paths;
    for (const auto& [file, path] : first) paths.push_back(path);
    return paths;
}

bool differs_on_disk(const LoadedFiles& loaded, const UnitPath& folders) {
    if (loaded.names.empty()) return false;
    const std::string fragment = fragment_on_disk(loaded.names.front(), folders);
    const bool masked = fragment == "/dev/null";
    // A mask is loaded under the name of its link.
    if (!masked && fragment != (loaded.fragment.empty() ? "" : real_path(loaded.fragment)))
        return true;
    if (!fragment.empty() && !masked && changed_since(fragment, loaded.loaded_us)) return true;
    const auto drop_ins = drop_ins_on_disk(loaded.names, folders);
    if (real_paths(drop_ins) != real_paths(loaded.drop_ins)) return true;
    return std::any_of(drop_ins.begin(), drop_ins.end(), [&](const std::string& path) {
        return changed_since(path, loaded.loaded_us);
    });
}

}  // namespace evenkeel::services
