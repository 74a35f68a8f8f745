#pragma once

#include <cstdint>
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

    // The folder is watched whole.
    void interest(std::string_view, bool) {}
    void ready(int fd, std::uint32_t revents);

  private:
    sdk::WatchHost host_;
    sdk::Fd fd_;
};

}  // namespace cron
