#include "plugins/services/systemd/install_section.hpp"

#include <cstdio>
#include <filesystem>
#include <map>
#include <sstream>
#include <string_view>

#include "plugins/posix/read_file.hpp"
#include "plugins/services/systemd/names.hpp"

namespace evenkeel::services {

namespace {

namespace fs = std::filesystem;

// Larger than any unit file.
constexpr std::size_t kFileBytesMax = 1u << 20;

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// The values of each key of [Install]; an empty value drops those before it.
void read_install(const std::string& path, std::map<std::string, std::string>& values) {
    std::istringstream file(posix::read_file(path, kFileBytesMax).value_or(""));
    std::string line, whole, section;
    while (std::getline(file, line)) {
        const std::string_view part = trimmed(line);
        if (part.starts_with('#') || part.starts_with(';')) continue;
        whole += part;
        if (whole.ends_with('\\')) {
            whole.back() = ' ';
            continue;
        }
        if (whole.starts_with('[')) section = whole;
        const std::size_t equals = whole.find('=');
        if (section == "[Install]" && equals != whole.npos) {
            const std::string key(trimmed(std::string_view(whole).substr(0, equals)));
            const std::string_view value = trimmed(std::string_view(whole).substr(equals + 1));
            if (value.empty()) values.erase(key);
            else values[key] += " " + std::string(value);
        }
        whole.clear();
    }
}

// systemd's specifiers that name the unit: %n, %N, %p, %i, %j, %%.
std::string expanded(const std::string& text, const std::string& unit) {
    const std::size_t dot = unit.rfind('.');
    const std::string stem = unit.substr(0, dot);
    const std::size_t at = stem.find('@');
    const std::string prefix = stem.substr(0, at);
    const std::map<char, std::string> values{
        {'n', unit},
        {'N', stem},
        {'p', prefix},
        {'i', at == stem.npos ? "" : stem.substr(at + 1)},
        {'j', prefix.substr(prefix.rfind('-') == prefix.npos ? 0 : prefix.rfind('-') + 1)},
        {'%', "%"}};
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto value =
            text[i] == '%' && i + 1 < text.size() ? values.find(text[i + 1]) : values.end();
        if (value == values.end()) {
            out += text[i];
        } else {
            out += value->second;
            ++i;
        }
    }
    return out;
}

// What stands in one folder of links: a unit's own or another name, or a link in a .wants folder.
void add_links(const fs::path& folder, const std::set<std::string>& units,
               std::set<std::string>& found) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (!entry.is_symlink(error)) continue;
        const std::string target = fs::read_symlink(entry.path(), error).string();
        if (target == "/dev/null") continue;
        const std::string leads_to = target.substr(target.rfind('/') + 1);
        if (units.contains(entry.path().filename().string()) || units.contains(leads_to))
            found.insert(entry.path().string());
    }
}

}  // namespace

InstallSection InstallSection::of(const std::string& unit, const UnitPath& folders) {
    std::map<std::string, std::string> values;
    const std::string fragment = fragment_behind_mask(unit, folders);
    if (fragment.empty()) return {};
    read_install(fragment, values);
    for (const std::string& drop_in : drop_ins_on_disk({unit}, folders))
        read_install(drop_in, values);
    InstallSection section;
    const auto each = [&](const char* key, auto&& take) {
        std::istringstream words(values[key]);
        for (std::string word; words >> word;) take(expanded(word, unit));
    };
    const auto linked_from = [&](const char* suffix) {
        return [&section, &unit, suffix](const std::string& by) {
            section.links.insert(by + suffix + unit);
        };
    };
    each("WantedBy", linked_from(".wants/"));
    each("RequiredBy", linked_from(".requires/"));
    each("UpheldBy", linked_from(".upholds/"));
    each("Alias", [&](const std::string& name) {
        if (name != unit) section.links.insert(name);
    });
    each("Also", [&](const std::string& name) {
        if (name != unit) section.also.insert(name);
    });
    return section;
}

std::set<std::string> with_also(const std::string& unit, const UnitPath& folders) {
    std::set<std::string> all{unit};
    std::vector<std::string> next{unit};
    while (!next.empty()) {
        const std::string name = next.back();
        next.pop_back();
        for (const std::string& other : InstallSection::of(name, folders).also)
            if (!fragment_behind_mask(other, folders).empty() && all.insert(other).second)
                next.push_back(other);
    }
    return all;
}

std::set<std::string> links_of(std::set<std::string> units, const std::string& root) {
    std::set<std::string> found;
    std::size_t before = 0;
    do {
        before = found.size();
        add_links(root, units, found);
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(root, error))
            if (entry.is_directory(error) && !entry.is_symlink(error))
                add_links(entry.path(), units, found);
        // What leads to another name of a unit belongs to it too.
        for (const std::string& link : found) units.insert(link.substr(link.rfind('/') + 1));
    } while (found.size() != before);
    return found;
}

std::set<std::string> links_after_enable(const std::string& unit, const UnitPath& folders,
                                         const std::string& root) {
    const std::set<std::string> units = with_also(unit, folders);
    std::set<std::string> links = links_of(units, root);
    for (const std::string& each : units)
        for (const std::string& link : InstallSection::of(each, folders).links)
            links.insert(root + "/" + link);
    return links;
}

}  // namespace evenkeel::services
