#include "plugins/packages/apt/watch.hpp"

#include <utility>

#include "plugins/packages/apt/database.hpp"
#include "plugins/packages/watch.hpp"

namespace evenkeel::packages {

FindLockHolder dpkg_lock_holder(const std::string& folder) {
    return [front = std::make_shared<LockFile>(folder + "/lock-frontend"),
            lock = std::make_shared<LockFile>(folder + "/lock")] {
        const auto holder = front->holder();
        return holder ? holder : lock->holder();
    };
}

std::unique_ptr<Watcher> watch_dpkg(const sdk::WatchHost& host, const std::string& folder,
                                    const std::string& apt_folder) {
    Watched watched;
    // A run opens the locks, renames `status` and closes the locks at its very end; a killed one
    // need not have renamed anything.
    // `apt-mark` renames apt's own file and takes no lock.
    watched.folders = {{folder, {"lock", "lock-frontend"}, {"status"}},
                       {apt_folder, {}, {"extended_states"}, false}};
    watched.find_holder = dpkg_lock_holder(folder);
    const auto database = std::make_shared<Database>(folder, apt_folder);
    watched.fingerprint = [database](const std::string& id) {
        database->refresh();
        const auto entry = database->entry(id);
        if (!entry) return std::string();
        return entry->version + " " + entry->want + " " + entry->flag + " " + entry->condition +
               " " + entry->architecture + (database->is_automatic(id) == true ? " automatic" : "");
    };
    return std::make_unique<DatabaseWatch>(host, std::move(watched));
}

}  // namespace evenkeel::packages
