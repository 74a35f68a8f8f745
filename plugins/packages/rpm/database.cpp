#include "plugins/packages/rpm/database.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include <evenkeel/plugin.hpp>
#include <fcntl.h>
#include <sys/stat.h>

namespace evenkeel::packages {

namespace {

std::string taken(char* text) {
    std::string copy = text ? text : "";
    std::free(text);
    return copy;
}

struct RpmVersion {
    std::string epoch, version, release;
};

RpmVersion parts_of(std::string_view version) {
    RpmVersion parts;
    if (const auto colon = version.find(':'); colon != version.npos) {
        parts.epoch = version.substr(0, colon);
        version.remove_prefix(colon + 1);
    }
    const auto dash = version.rfind('-');
    parts.version = version.substr(0, dash);
    if (dash != version.npos) parts.release = version.substr(dash + 1);
    if (parts.epoch.empty()) parts.epoch = "0";
    return parts;
}

}  // namespace

RpmDatabase::RpmDatabase() : library_(rpm_library()) {
    const std::lock_guard<std::mutex> lock(library_.mutex);
    folder_ = taken(library_.expand("%{_dbpath}", nullptr));
    native_ = taken(library_.expand("%{_arch}", nullptr));
}

RpmDatabase::~RpmDatabase() {
    const std::lock_guard<std::mutex> lock(library_.mutex);
    if (ts_) library_.ts_free(ts_);
}

// A rebuilt database takes the folder of the old one, which would stay open.
void RpmDatabase::open() {
    struct stat info {};
    const ino_t now = ::stat(folder_.c_str(), &info) == 0 ? info.st_ino : 0;
    if (ts_ && now == seen_) return;
    if (ts_) library_.ts_free(ts_);
    ts_ = library_.ts_create();
    library_.ts_set_root_dir(ts_, "/");
    // Signatures were checked when the packages were installed.
    library_.ts_set_vs_flags(
        ts_, static_cast<rpmVSFlags>(RPMVSF_NOHDRCHK | _RPMVSF_NODIGESTS | _RPMVSF_NOSIGNATURES));
    if (library_.ts_open_db(ts_, O_RDONLY) != 0) {
        ts_ = library_.ts_free(ts_);
        throw sdk::Failure(EK_E_UNAVAILABLE, "rpm's database in " + folder_ + " cannot be opened");
    }
    seen_ = now;
}

std::string RpmDatabase::text(Header header, rpmTagVal tag) const {
    return taken(library_.header_get_as_string(header, tag));
}

void RpmDatabase::rows(const std::string* name, const std::function<void(Header)>& take) {
    const std::lock_guard<std::mutex> lock(library_.mutex);
    open();
    const rpmdbMatchIterator rows = library_.ts_init_iterator(
        ts_, name ? static_cast<rpmDbiTagVal>(RPMDBI_NAME) : RPMDBI_PACKAGES,
        name ? name->c_str() : nullptr, 0);
    while (const Header row = library_.next_iterator(rows)) take(row);
    library_.free_iterator(rows);
}

void RpmDatabase::each(const std::string* name, const std::function<void(Installed)>& take) {
    rows(name, [&](Header row) {
        Installed package{
            text(row, RPMTAG_NAME), text(row, RPMTAG_EVR), text(row, RPMTAG_ARCH), {}};
        // Keys are stored as if they were packages.
        if (package.name == "gpg-pubkey") return;
        if (package.version.substr(0, 2) == "0:") package.version.erase(0, 2);
        take(std::move(package));
    });
}

void RpmDatabase::merge(std::optional<Installed>& newest, Installed package) const {
    if (!newest) {
        newest = std::move(package);
        return;
    }
    if (compare(newest->version, package.version) < 0) std::swap(*newest, package);
    newest->older.insert(newest->older.end(), package.older.begin(), package.older.end());
    const std::string version = package.version.substr(package.version.find(':') + 1);
    newest->older.push_back(package.name + "-" + version + "." + package.architecture);
}

bool RpmDatabase::provides(const std::string& name, const std::vector<std::string>& capabilities) {
    bool found = false;
    rows(&name, [&](Header row) {
        const std::string all =
            "\n" + taken(library_.header_format(row, "[%{PROVIDENAME}\n]", nullptr));
        for (const std::string& one : capabilities)
            found = found || all.find("\n" + one + "\n") != all.npos;
    });
    return found;
}

std::optional<Installed> RpmDatabase::find(const std::string& id) {
    const std::string name = id.substr(0, id.find(':'));
    std::optional<Installed> found;
    each(&name, [&](Installed package) {
        if (id_of(package) == id) merge(found, std::move(package));
    });
    return found;
}

std::vector<Installed> RpmDatabase::all() {
    std::map<std::string, std::optional<Installed>> newest;
    each(nullptr, [&](Installed package) {
        std::optional<Installed>& at = newest[id_of(package)];
        merge(at, std::move(package));
    });
    std::vector<Installed> all;
    for (auto& [id, package] : newest) all.push_back(*std::move(package));
    return all;
}

bool RpmDatabase::is_native(std::string_view architecture) const {
    return architecture == native_ || architecture == "noarch";
}

std::string RpmDatabase::id_of(const Installed& package) const {
    return is_native(package.architecture) ? package.name
                                           : package.name + ":" + package.architecture;
}

std::string RpmDatabase::canonical(std::string_view id) const {
    const auto colon = id.find(':');
    const bool plain = colon == id.npos || is_native(id.substr(colon + 1));
    return std::string(plain ? id.substr(0, colon) : id);
}

int RpmDatabase::compare(std::string_view a, std::string_view b) const {
    const RpmVersion left = parts_of(a), right = parts_of(b);
    for (const auto part : {&RpmVersion::epoch, &RpmVersion::version, &RpmVersion::release})
        if (const int order = library_.compare_parts((left.*part).c_str(), (right.*part).c_str());
            order != 0)
            return order;
    return 0;
}

}  // namespace evenkeel::packages
