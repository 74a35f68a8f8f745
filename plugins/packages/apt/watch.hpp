#pragma once

#include <map>
#include <optional>
#include <string>

#include "plugins/packages/apt/database.hpp"
#include "plugins/packages/backend.hpp"
#include "plugins/posix/fd.hpp"

namespace evenkeel::packages {

// Hints at described packages whose entry has changed once whoever changed it has let go of the
// locks. [reactor]
class AptWatch : public Watcher {
  public:
    // Throws EK_E_UNAVAILABLE when the system has no inotify instance left.
    AptWatch(const sdk::WatchHost& host, const std::string& folder);
    ~AptWatch() override;

    void interest(std::string_view id, bool on) override;
    void ready(int fd, std::uint32_t revents) override;

  private:
    bool drain();  // whether something came that is worth a look
    void look();

    sdk::WatchHost host_;
    std::string folder_;
    posix::Fd inotify_;
    Database database_;
    std::map<std::string, std::optional<Entry>> known_;
};

}  // namespace evenkeel::packages
