#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sdk/tool/validate/instance.hpp"

namespace evenkeel::validate {

struct Hint {
    std::int32_t kind = 0;
    std::string id;  // empty: any
};

// One watch of an instance, with a reactor that runs only inside of run(). Everything is on the
// thread of the check, or of whoever calls run().
class Watcher {
  public:
    // Throws Skipped when the plugin cannot watch now.
    Watcher(Bench& bench, Instance& instance);
    ~Watcher() { close(); }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    void close();

    void interest(const std::string& id, bool on = true);
    // Until `enough` or the time is over; true if enough. Throws Broken when the watch fails.
    bool run(
        int milliseconds, const std::function<bool()>& enough = [] { return false; });
    // Whether a hint came that makes a host look at this id.
    bool hinted(const std::string& id) const;
    void forget_hints() { hints.clear(); }
    // As if `fd` had events, though it has none; fd -1: the timer.
    ek_status ready(int fd, std::uint32_t events);

    std::vector<Hint> hints;
    std::map<int, std::uint32_t> fds;
    std::uint64_t timer_ns = 0;
    int wakes = 0;
    std::uint64_t longest_ready_ns = 0;
    int foreign = 0;  // calls of the host from another thread
    int late = 0;     // and after the watch was closed

  private:
    static ek_status on_fd(void* ctx, std::int32_t fd, std::uint32_t events) noexcept;
    static ek_status on_timer(void* ctx, std::uint64_t at_ns) noexcept;
    static void on_hint(void* ctx, const ek_hint* hint) noexcept;
    bool admit();

    Bench& bench_;
    const ek_collection& table_;
    std::unique_ptr<Placed<ek_watch_host>> host_;
    std::thread::id thread_ = std::this_thread::get_id();
    ek_watch* handle_ = nullptr;
    bool closed_ = false;
};

}  // namespace evenkeel::validate
