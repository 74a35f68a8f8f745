#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/plugin.hpp>

namespace cron {

namespace sdk = evenkeel::sdk;

// Hears by inotify(7) what happens to the crontab files of a folder. [reactor]
class FolderWatch {
  public:
    // Throws EK_E_UNAVAILABLE where it cannot be watched.
    FolderWatch(const std::string& folder, const sdk::WatchHost& host);
    ~FolderWatch();
    FolderWatch(const FolderWatch&) = delete;
    FolderWatch& operator=(const FolderWatch&) = delete;

    // The folder is watched whole; hints are given of these.
    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    sdk::WatchHost host_;
    sdk::Fd fd_;
    std::set<std::string, std::less<>> wanted_;
};

}  // namespace cron
