#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::agent {

// The order of what changes the machine: within a collection in the order of arrival, collections
// side by side. A run of several collections waits for all of them and then occupies them. Knows
// only ids; the RunQueue owns the runs. [loop]
class Turns {
  public:
    // Requires an id that is not here.
    void add(const std::string& id, std::set<std::string> collections);
    // Whether nothing runs or waits in any of these.
    bool are_free(const std::set<std::string>& collections) const;
    // Adds it and gives it its turn at once: take_ready() does not return it. Requires are_free().
    void begin(const std::string& id, std::set<std::string> collections);
    // Those whose turn has come, each returned once.
    std::vector<std::string> take_ready();
    // Ends a turn, or the wait for it.
    void remove(const std::string& id);

    bool contains(const std::string& id) const { return entries_.contains(id); }

  private:
    struct Entry {
        std::set<std::string> collections;
        bool returned = false;
    };
    bool is_first(const std::string& id, const Entry& entry) const;

    std::map<std::string, Entry> entries_;
    std::map<std::string, std::deque<std::string>> lines_;  // collection -> ids in order
    std::deque<std::string> order_;
};

}  // namespace evenkeel::agent
