#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/link/message.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::enrolment {

// What a machine asks over which connection, and how it is answered.
struct Request {
    std::uint64_t connection = 0;
    std::string address;  // of the machine
    std::string reply_to;
    std::string correlation_id;
    wire::EnrolRequest body;
    link::Delivery delivery;
};
using SharedRequest = std::shared_ptr<const Request>;

// The machines that are connected and wait to be accepted, by the fingerprint of their key. Each
// waits until it is decided on or its time is over. O(machines) where not said otherwise.
class WaitingMachines {
  public:
    // Returns the request that waited with this key before, which is to be answered, or null.
    // O(log machines)
    SharedRequest add(const std::string& key, SharedRequest request, std::uint64_t until_ns);
    bool contains(const std::string& key) const { return machines_.contains(key); }
    // Null when none waits with this key. O(log machines)
    SharedRequest take(const std::string& key);
    // Those whose time is over.
    std::vector<SharedRequest> take_ended(std::uint64_t now_ns);
    // When the time of the next one is over.
    std::optional<std::uint64_t> next_end_ns() const;
    std::set<std::string> keys() const;
    void remove(std::uint64_t connection);
    void clear() { machines_.clear(); }

  private:
    struct Machine {
        SharedRequest request;
        std::uint64_t until_ns = 0;
    };
    std::map<std::string, Machine> machines_;
};

}  // namespace evenkeel::enrolment
