#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugins/packages/backend.hpp"
#include "plugins/packages/lock.hpp"
#include "plugins/posix/fd.hpp"

namespace evenkeel::packages {

// What a watch of a package manager looks at.
struct Watched {
    struct Folder {
        std::string path;
        // Files in it whose last close after writing, or arrival by a rename, is worth a look.
        std::vector<std::string> closed, renamed;
        bool needed = true;  // false: it may be missing
    };
    std::vector<Folder> folders;
    AtWork at_work;
    // All that is to be known of one package, as text to tell whether it has changed; "" if it is
    // not there. Writes nothing in the folders.
    std::function<std::string(const std::string& id)> look;
};

// Hints at described packages that have changed once whoever changed them has finished. [reactor]
class DatabaseWatch : public Watcher {
  public:
    // Throws EK_E_UNAVAILABLE when the system has no inotify instance left.
    DatabaseWatch(const sdk::WatchHost& host, Watched watched);
    ~DatabaseWatch() override;

    void interest(std::string_view id, bool on) override;
    void ready(int fd, std::uint32_t revents) override;

  private:
    bool drain();  // whether something came that is worth a look
    bool is_telling(int watch, std::uint32_t mask, const std::string& name) const;
    void look(bool something_came);

    sdk::WatchHost host_;
    Watched watched_;
    posix::Fd inotify_;
    std::map<int, Watched::Folder> by_watch_;
    std::map<std::string, std::string> known_;
    std::set<std::string> changed_;  // not told of yet
};

}  // namespace evenkeel::packages
