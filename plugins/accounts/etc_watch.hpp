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

// The watch of a collection over passwd, shadow, group and gshadow. These are replaced by renaming,
// so the directory is watched; and a tool changes several of them under its locks, so they are read
// when the locks are gone, and all accounts are unsettled until then. Hints only at accounts that
// have changed. [reactor]
class EtcWatch {
  public:
    // Text that differs whenever anything of the account does; empty if it is not there.
    using Fingerprint = std::function<std::string(const Database&, const std::string& id)>;

    // Throws EK_E_UNAVAILABLE when the system has no inotify instance or watch left.
    // A lock that stays is told again after `renew_ns`: a host believes it for a minute.
    EtcWatch(const sdk::WatchHost& host, Fingerprint fingerprint, std::string etc = "/etc",
             std::uint64_t renew_ns = 20'000'000'000);

    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    void drain();
    void report();
    void tell_unsettled();
    std::size_t hash_of(const Database& database, const std::string& id) const;

    sdk::WatchHost host_;
    Fingerprint fingerprint_;
    std::string etc_;
    std::uint64_t renew_ns_;
    posix::Inotify inotify_;
    // Hashes of the last fingerprints: the watch keeps no secrets.
    std::map<std::string, std::size_t> seen_;
    bool touched_ = false;
    bool unsettled_ = false;     // reported so
    std::uint64_t told_ns_ = 0;  // when it was reported last
};

}  // namespace evenkeel::accounts
