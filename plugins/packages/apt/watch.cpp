#include "plugins/packages/apt/watch.hpp"

#include <utility>

#include "plugins/packages/apt/database.hpp"
#include "plugins/packages/watch.hpp"

namespace evenkeel::packages {

std::optional<pid_t> dpkg_at_work(const std::string& folder) {
    const auto holder = lock_holder(folder + "/lock-frontend");
    return holder ? holder : lock_holder(folder + "/lock");
}

std::unique_ptr<Watcher> watch_dpkg(const sdk::WatchHost& host, const std::string& folder) {
    Watched watched;
    // A run renames `status` and, at its very end, closes the locks; a killed one only the latter.
    watched.folders = {{folder, {"lock", "lock-frontend"}, {"status"}}};
    watched.at_work = [folder] { return dpkg_at_work(folder); };
    watched.look = [database = std::make_shared<Database>(folder)](const std::string& id) {
        database->refresh();
        const auto entry = database->entry(id);
        return entry ? entry->version + " " + entry->want + " " + entry->flag + " " +
                           entry->condition + " " + entry->architecture
                     : std::string();
    };
    return std::make_unique<DatabaseWatch>(host, std::move(watched));
}

}  // namespace evenkeel::packages
