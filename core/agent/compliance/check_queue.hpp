#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/agent/compliance/assess.hpp"

namespace evenkeel::agent {

// The resources of one collection that are to be checked, each once, with the reason that is
// reported. What an event announced goes first, in the order in which it may be checked; the others
// come by id, so that neighbours are read together. Every operation is logarithmic, whatever waits:
// take() looks only at what it takes, and once more at what was checked since it was announced.
// [loop]
class CheckQueue {
  public:
    using Request = std::pair<std::string, CheckTrigger>;
    // When a resource may be checked because of an event, CLOCK_MONOTONIC: see CheckPace.
    using Due = std::function<std::uint64_t(const std::string& id)>;

    // The first reason is the one that is reported; but an event goes before all others.
    void add(const std::string& id, CheckTrigger trigger, std::uint64_t due_ns);
    bool empty() const { return announced_.empty() && others_.empty(); }
    bool contains(const std::string& id) const { return announced(id) || others_.contains(id); }
    bool announced(const std::string& id) const { return announced_.contains(id); }

    // Takes at most `most` that may be checked now.
    std::vector<Request> take(std::size_t most, std::uint64_t now_ns, const Due& due);
    // When the next announced one may be checked; 0: none is announced.
    std::uint64_t next_due() const { return by_due_.empty() ? 0 : by_due_.begin()->first; }
    // Empties it; the ids that waited.
    std::vector<std::string> clear();

  private:
    std::map<std::string, std::uint64_t> announced_;  // id -> when it is due
    std::set<std::pair<std::uint64_t, std::string>> by_due_;
    std::map<std::string, CheckTrigger> others_;
};

}  // namespace evenkeel::agent
