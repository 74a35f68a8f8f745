#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/plugin/watch.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// The hints of one collection on their way to the loop. A plugin may give any number of them from
// any thread: of each id the last one waits, of too many ids one for all, and where they come
// faster than any machine changes, they are passed on once a second. [any] unless said.
class HintInbox : public std::enable_shared_from_this<HintInbox> {
  public:
    static constexpr std::size_t kIdsMost = 10'000;
    static constexpr std::uint64_t kPerSecond = 5'000;
    using Take = std::function<void(plugin::Hint, const std::string& id)>;

    // `take` gets each hint on the loop. The inbox may outlive the loop.
    HintInbox(run::Loop& loop, std::string collection, Take take);
    void put(plugin::Hint hint, const std::string& id);
    // What comes later is dropped. [loop]
    void close();

    std::size_t waiting() const;

  private:
    void note(plugin::Hint hint, const std::string& id);
    void pass_on();
    bool is_flooded(std::uint64_t now_ns);

    run::Loop& loop_;
    const run::Post post_;
    const std::string collection_;
    Take take_;                 // empty once closed; on the loop
    run::Timer rest_;           // of a second with too many; on the loop
    mutable std::mutex mutex_;  // guards what follows
    std::map<std::string, plugin::Hint> waiting_;
    bool missed_ = false;
    std::string hung_;  // the call; empty: none
    bool posted_ = false;
    std::uint64_t second_began_ns_ = 0, in_second_ = 0;
    bool is_named_ = false;
};

}  // namespace evenkeel::agent
