#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

#include "plugins/accounts/database.hpp"
#include "plugins/posix/inotify.hpp"

namespace evenkeel::accounts {

// The watch of a collection over passwd, shadow and group. These are replaced by renaming, so it is
// the directory that is watched; and a tool changes several of them under its locks, so they are
// read when the locks are gone, and unsettled until then. Otherwise hints only the ids whose
// account is not what it was. [reactor]
class EtcWatch {
  public:
    // All that matters of an account, as text; empty if it is not there.
    using Look = std::function<std::string(const Database&, const std::string& id)>;

    // Throws EK_E_UNAVAILABLE when the system has no inotify instance or watch left.
    EtcWatch(const sdk::WatchHost& host, Look look, std::string etc = "/etc");

    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    void drain();
    void tell();
    std::size_t print_of(const Database& database, const std::string& id) const;

    sdk::WatchHost host_;
    Look look_;
    std::string etc_;
    posix::Inotify inotify_;
    // Hashes of what was seen last: the watch itself keeps no secret.
    std::map<std::string, std::size_t> seen_;
    bool touched_ = false;
    bool unsettled_ = false;  // told so
};

}  // namespace evenkeel::accounts
