#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "plugins/packages/apt/status.hpp"
#include "plugins/packages/backend.hpp"
#include "plugins/packages/lock.hpp"

namespace evenkeel::packages {

// What dpkg's database in `folder` (/var/lib/dpkg) says, and which packages are there only because
// others need them, as apt keeps it in `apt_folder` (/var/lib/apt): read by ourselves and kept
// until a stat shows that it has changed. One thread at a time.
class Database {
  public:
    Database(std::string folder, const std::string& apt_folder)
        : folder_(std::move(folder)),
          states_path_(apt_folder + "/extended_states"),
          lock_(folder_ + "/lock") {}

    // Reads again what has changed. Throws if the database cannot be read.
    void refresh();

    // As of the last refresh. `id` is canonical; an entry may say that the package is not present.
    std::optional<Entry> entry(const std::string& id) const;
    std::optional<Package> package(const std::string& id) const;
    std::vector<Package> packages() const;  // those that are present, by id
    // Nothing if it is not there.
    std::optional<bool> is_automatic(const std::string& id) const;
    // The id without the architecture if that is the machine's own.
    std::string canonical(std::string_view id) const;
    const std::string& native() const { return native_; }  // the machine's architecture

    // Whether a run of dpkg was interrupted: its journal was not merged into the status file, and
    // no process holds its lock. As of the last refresh.
    bool interrupted() const { return interrupted_; }

  private:
    struct Stamp {
        ino_t inode = 0;
        off_t size = -1;
        struct timespec changed {};
        bool operator==(const Stamp& other) const;
    };
    static Stamp stamp_of(const std::string& path);
    std::vector<std::string> journal() const;  // paths, in dpkg's order
    std::string id_of(const Entry& entry) const;
    void read_automatic();

    std::string folder_;
    std::string states_path_;
    LockFile lock_;
    std::string native_;
    std::map<std::string, Entry> entries_;  // by id
    std::set<std::string> automatic_;       // ids
    Stamp status_, updates_, states_;
    bool read_ = false;
    bool interrupted_ = false;
    bool locked_ = false;
};

}  // namespace evenkeel::packages
