#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "orchestrator/plans/difference.hpp"

// What a plan shows of thousands of hosts. [loop or lane: one at a time]
namespace evenkeel::plans {

inline constexpr std::size_t kGroupsMost = 100;           // shown at once
inline constexpr std::size_t kGroupHostsMost = 20;        // by name
inline constexpr std::size_t kSampleBytesMost = 8 << 10;  // of the fields of one sample
// Of what hosts may differ in, this many are kept while hosts are added, and this many more are
// told apart when they are counted.
inline constexpr std::size_t kGroupKeysMost = 2000;
inline constexpr std::size_t kGroupKeysCounted = 100'000;

struct PlannedHost {
    std::string id;
    std::string name;  // no two have the same
};

struct Summary {
    std::uint64_t hosts = 0;  // on which something is added, changed, forgotten or removed
    // Resources, on all hosts together.
    std::uint64_t added = 0;
    std::uint64_t changed = 0;
    std::uint64_t forgotten = 0;
    std::uint64_t removed = 0;
    std::uint64_t errors = 0;  // hosts that do not compile
};

// What is the same on all hosts of a group.
struct GroupedResource {
    wire::Ref ref;
    ChangeKind change{};
    std::vector<std::string> paths;
    std::string sample_host;  // the first by name
    // [{"path","before","after",…}…] of that host; {"path","omitted":true} past kSampleBytesMost.
    json::Array sample;
};
struct Group {
    std::uint64_t count = 0;
    std::vector<std::string> hosts;  // the first by name
    std::vector<GroupedResource> resources;
};
struct ErrorGroup {
    compile::CompileError error;
    std::uint64_t count = 0;
    std::vector<std::string> hosts;
};
struct GroupList {
    std::vector<Group> groups;  // what is removed comes first; at most kGroupKeysMost
    std::uint64_t more = 0;     // how many there are beside; of very many at least so many
    std::vector<ErrorGroup> errors;
    std::uint64_t more_errors = 0;
};
// [{"path",…}…] as far as they are kept: at most kPathsMost, and behind this many bytes
// {"path","omitted":true}.
json::Array bounded_fields(json::Array fields, std::size_t bytes_most = kSampleBytesMost);
json::Value encode(const Summary& summary);
json::Value encode(const Group& group);
json::Value encode(const ErrorGroup& group);

// Hosts that have the same (collection, id, change, paths) are one group; those groups that are of
// exactly the same hosts are shown as one with several resources. What changes owners alone is not
// shown. The result is the same whatever the order of the hosts. Memory does not grow with the
// hosts: at most kGroupKeysMost samples and lists of names.
class Groups {
  public:
    // The fields of a host's resource, secrets redacted: asked only for the host that is the
    // first by name so far, so that it is cheapest to add hosts by name.
    using Sample = std::function<json::Array(const ResourceDifference&)>;

    // Each host once. O(what differs)
    void add(const PlannedHost& host, const HostDifference& difference, const Sample& sample);

    const Summary& summary() const { return summary_; }
    GroupList finish() const;

  private:
    // Hosts that have something in common.
    struct Hosts {
        std::uint64_t count = 0;
        std::vector<std::string> first;  // sorted
        // The sum of their codes tells apart which hosts they are.
        std::uint64_t code[2] = {0, 0};
        json::Array sample = {};

        void add(const std::string& name, const std::uint64_t (&host_code)[2]);
    };
    struct Key {
        ChangeKind change{};
        wire::Ref ref;
        std::vector<std::string> paths;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    // The smallest keys, so that those that are left out do not depend on the order.
    template <typename K>
    struct Smallest {
        std::map<K, Hosts> kept = {};
        std::unordered_set<std::uint64_t> left_out = {};  // by their codes

        // Null when it is left out.
        Hosts* at(K key, std::size_t most);
    };
    using ErrorKey = std::vector<std::string>;

    void count(ChangeKind change);
    static std::string text_of(const Key& key);
    static std::string text_of(const ErrorKey& key);
    std::vector<Group> united() const;

    Summary summary_;
    Smallest<Key> resources_;
    Smallest<ErrorKey> errors_;
};

}  // namespace evenkeel::plans
