#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include <evenkeel/cpp/fd.hpp>
#include <evenkeel/plugin.hpp>

#include "plugins/posix/path_watch.hpp"

namespace evenkeel::programs {

// What each resource creates, as it was seen last; a watch is woken by what is new. [any]
class Creates {
  public:
    Creates();

    // An empty path: it creates nothing that is known.
    void remember(std::string_view id, const std::string& path);
    std::string path_of(const std::string& id) const;

    int wake_fd() const { return wake_fd_.get(); }
    void take_wake() const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> paths_;
    sdk::Fd wake_fd_;
};

// Watches what the resources of interest create, and gives hints with their ids. [reactor]
class CreatesWatch {
  public:
    CreatesWatch(Creates& creates, const sdk::WatchHost& host);
    ~CreatesWatch();
    CreatesWatch(const CreatesWatch&) = delete;
    CreatesWatch& operator=(const CreatesWatch&) = delete;

    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    void follow(const std::string& id, const std::string& path);
    void tell(const ek_hint& hint) const;

    Creates& creates_;
    sdk::WatchHost host_;
    ek_watch_host paths_host_;  // its hints name paths
    std::unique_ptr<posix::PathWatch> watch_;
    std::set<std::string, std::less<>> wanted_;
    std::map<std::string, std::string> followed_;           // by id; those that create something
    std::map<std::string, std::set<std::string>> by_path_;  // ids
};

}  // namespace evenkeel::programs
