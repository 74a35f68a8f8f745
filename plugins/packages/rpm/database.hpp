#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "plugins/packages/rpm/library.hpp"

namespace evenkeel::packages {

// One package in rpm's database.
struct Installed {
    std::string name;
    std::string version;  // `[epoch:]version-release`, the epoch only if it is not 0
    std::string architecture;
    // Older ones that are there beside it, as rpm names them: `name-version-release.architecture`.
    std::vector<std::string> older;
};

// rpm's database as librpm reads it, kept open until it is replaced. To read it neither locks nor
// writes anything that is watched. One thread at a time.
class RpmDatabase {
  public:
    // Throws EK_E_UNAVAILABLE without a librpm.
    RpmDatabase();
    RpmDatabase(const RpmDatabase&) = delete;
    RpmDatabase& operator=(const RpmDatabase&) = delete;
    ~RpmDatabase();

    const std::string& folder() const { return folder_; }  // as rpm is configured

    // The newest version of it that is there. `id` is canonical. Throws EK_E_UNAVAILABLE if the
    // database cannot be opened.
    std::optional<Installed> find(const std::string& id);
    std::vector<Installed> all();  // by id, the newest version of each

    // Whether one of this name that is there provides one of `capabilities`.
    bool provides(const std::string& name, const std::vector<std::string>& capabilities);

    // `name`, or `name:arch` if that is not the machine's own architecture.
    std::string id_of(const Installed& package) const;
    std::string canonical(std::string_view id) const;
    bool is_native(std::string_view architecture) const;

    // rpm's order of versions: below, at or above 0 as `a` is older than, the same as or newer than
    // `b`.
    int compare(std::string_view a, std::string_view b) const;

  private:
    void open();
    void rows(const std::string* name, const std::function<void(Header)>& take);
    void each(const std::string* name, const std::function<void(Installed)>& take);
    void merge(std::optional<Installed>& newest, Installed package) const;
    std::string text(Header header, rpmTagVal tag) const;

    Library& library_;
    std::string folder_;
    std::string native_;
    rpmts ts_ = nullptr;
    ino_t seen_ = 0;  // the database that is open
};

}  // namespace evenkeel::packages
