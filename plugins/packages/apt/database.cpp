#include "plugins/packages/apt/database.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <evenkeel/cpp/failure.hpp>

#include "plugins/posix/read_file.hpp"

namespace evenkeel::packages {

namespace {

// Far above any real database; a larger one is not ours to load.
constexpr std::size_t kBytesMax = 512u * 1024 * 1024;

std::string content_of(const std::string& path) {
    auto text = posix::read_file(path, kBytesMax);
    if (!text) throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + path);
    return *std::move(text);
}

bool is_number(std::string_view name) {
    return !name.empty() && name.find_first_not_of("0123456789") == name.npos;
}

Package package_of(const std::string& id, const Entry& entry) {
    // A package that dpkg requires to be reinstalled is broken, whatever else it says.
    const bool broken = entry.flag == "reinstreq" && entry.condition == "installed";
    return {id, entry.version, broken ? "half-installed" : entry.condition, entry.want == "hold"};
}

}  // namespace

bool Database::Stamp::operator==(const Stamp& other) const {
    return inode == other.inode && size == other.size && changed.tv_sec == other.changed.tv_sec &&
           changed.tv_nsec == other.changed.tv_nsec;
}

Database::Stamp Database::stamp_of(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    return {info.st_ino, info.st_size, info.st_ctim};
}

std::vector<std::string> Database::journal() const {
    std::vector<std::string> paths;
    std::error_code none;
    for (const auto& each : std::filesystem::directory_iterator(folder_ + "/updates", none))
        if (is_number(each.path().filename().native())) paths.push_back(each.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

void Database::refresh() {
    // Before the files are read: what changes meanwhile is then read again next time.
    const Stamp status = stamp_of(folder_ + "/status");
    const Stamp updates = stamp_of(folder_ + "/updates");
    const Stamp states = stamp_of(states_path_);
    // While dpkg runs the journal holds what is half done.
    const bool locked = lock_.holder().has_value();
    if (read_ && status == status_ && updates == updates_ && states == states_ && locked == locked_)
        return;
    read_ = false;
    entries_.clear();
    native_.clear();
    interrupted_ = false;
    std::vector<Entry> entries;
    const auto keep = [&](Entry entry) {
        if (entry.name == "dpkg") native_ = entry.architecture;
        entries.push_back(std::move(entry));
    };
    parse_status(content_of(folder_ + "/status"), keep);
    if (!locked) {
        for (const std::string& path : journal()) {
            interrupted_ = true;
            parse_status(content_of(path), keep);
        }
    }
    for (Entry& entry : entries) entries_.insert_or_assign(id_of(entry), std::move(entry));
    automatic_.clear();
    // A machine on which apt has not yet installed anything has no such file.
    if (states.size >= 0) read_automatic();
    status_ = status, updates_ = updates, states_ = states, locked_ = locked, read_ = true;
}

void Database::read_automatic() {
    parse_status(content_of(states_path_), [this](const Entry& entry) {
        if (entry.automatic) automatic_.insert(id_of(entry));
    });
}

std::string Database::id_of(const Entry& entry) const {
    const bool plain =
        entry.architecture == native_ || entry.architecture == "all" || entry.architecture.empty();
    return plain ? entry.name : entry.name + ":" + entry.architecture;
}

std::string Database::canonical(std::string_view id) const {
    const auto colon = id.find(':');
    if (colon == id.npos) return std::string(id);
    const std::string_view architecture = id.substr(colon + 1);
    const bool plain = architecture == native_ || architecture == "all" || architecture == "native";
    return std::string(plain ? id.substr(0, colon) : id);
}

std::optional<Entry> Database::entry(const std::string& id) const {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return std::nullopt;
    return found->second;
}

std::optional<Package> Database::package(const std::string& id) const {
    const auto found = entry(id);
    if (!found || !found->present()) return std::nullopt;
    return package_of(id, *found);
}

std::optional<bool> Database::is_automatic(const std::string& id) const {
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second.present()) return std::nullopt;
    return automatic_.count(id) != 0;
}

std::vector<Package> Database::packages() const {
    std::vector<Package> all;
    for (const auto& [id, entry] : entries_)
        if (entry.present()) all.push_back(package_of(id, entry));
    return all;
}

}  // namespace evenkeel::packages
