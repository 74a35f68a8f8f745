#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::wire {
struct Ref;
}

namespace evenkeel::plans {

struct HostDifference;

// What an approval is bound to: one hash over the differences of all hosts, and over what may count
// later by itself. It is the same whatever the order in which hosts are added, another one with any
// other value of any description, and a host without a difference is as if it had not been added.
// [any]
class PlanHash {
  public:
    // A keyed code of a text, so that the hash does not help to guess secrets.
    using KeyedCode = std::function<std::string(std::string_view text)>;
    explicit PlanHash(KeyedCode keyed_code) : keyed_code_(std::move(keyed_code)) {}

    // A code of what a resource was described as before; "" for one that was not.
    using Before = std::function<std::string(const wire::Ref& ref)>;
    // Each host once. O(what differs), and 32 bytes a host.
    void add(const std::string& host_id, const HostDifference& difference,
             const Before& before = {});
    // What else an approval is bound to, a text of its own, in any order.
    void add(const std::string& text);
    // 64 hex digits. O(n log n)
    std::string finish() const;

  private:
    KeyedCode keyed_code_;
    std::vector<std::string> digests_;
};

}  // namespace evenkeel::plans
