#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "orchestrator/plans/model_index.hpp"

// Which hosts must be compiled again. Never too few, sometimes too many: then nothing differs. What
// an error says of the settings that exist beside a misspelt name is no reason. Pure. [any]
namespace evenkeel::plans {

// Hosts: one, those of an environment's subtree, those that a filter finds, or all three together.
struct Reach {
    std::string host = {};         // id; empty: any
    std::string environment = {};  // empty: all
    filter::Filter filter = {};
    std::string filter_text = {};

    bool contains(const compile::Host& host) const;
};
// Of an assignment, whether it is enabled or not.
Reach reach_of(const compile::Assignment& assignment);

// Where to look for them.
struct HostLookUp {
    bool is_all = false;                    // then the rest is empty
    std::vector<std::string> environments;  // subtrees, none below another
    std::vector<std::string> hosts;         // ids
};

// A set of hosts, as a union. The order of adding does not matter.
class TouchedHosts {
  public:
    void add(Reach reach);
    bool empty() const { return reaches_.empty(); }
    // O(log + those that are not of single hosts)
    bool contains(const compile::Host& host) const;
    // Each host that is found there is still to be asked for with contains().
    HostLookUp look_up() const;
    // Those of single hosts last; for an index over labels see filter::Filter::required().
    std::vector<Reach> reaches() const;

  private:
    using Key = std::tuple<std::string, std::string, std::string>;  // host, environment, filter

    std::map<Key, filter::Filter> reaches_;
};

// Those that an edit may touch: `writes` made the model of `after` of that of `before`.
//  - a setting: the hosts in its scope with an assignment of an application that uses the key, and
//    the same for each setting whose links lead to it
//  - an application: the hosts with an assignment of its latest version
//  - an assignment: its hosts before and after
//  - an environment: none
// What is written as it was is skipped. O(writes x (links + assignments of the applications that
// use it)), whatever the number of hosts.
TouchedHosts touched(const ModelIndex& before, const ModelIndex& after,
                     const std::vector<model::ObjectWrite>& writes);

// Something of a host itself has changed. Names are those of templates: "host.labels.role",
// "host.facts.os.id", "host.name", "environment.name"; "*" is everything.
struct HostChange {
    const compile::Host* before = nullptr;  // null: not known, or not active before
    const compile::Host* after = nullptr;   // null: not active any more
    std::vector<std::string> names;
};

// A rule about peers that may give something else to hosts with the assignment.
struct TouchedRule {
    const compile::Assignment* assignment = nullptr;
    const compile::PeerRule* rule = nullptr;
    // Only hosts in one of these environments or above it, where the rule looks below its host
    // alone; empty: in all of them.
    std::vector<std::string> environments = {};

    // Whether the host is one of them.
    bool touches(const compile::Host& host) const;
};

struct TouchedByHost {
    // The host itself, because an application that is assigned to it uses a name, or an assignment
    // may have come or gone. It can be among the hosts of the rules as well.
    bool is_itself = false;
    std::vector<TouchedRule> rules;  // by assignment and rule
};
// The pointers are into the model of the index. O(names x log + users of them + rules in use)
TouchedByHost touched_by(const ModelIndex& index, const HostChange& change);

}  // namespace evenkeel::plans
