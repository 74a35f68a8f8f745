#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::agent {

// The order of what changes the machine: within a collection in the order of arrival, collections
// side by side. A job of several collections waits for all of them and then holds them. [loop]
class JobQueue {
  public:
    // Requires an id that is not in the queue.
    void add(const std::string& id, std::set<std::string> collections);
    // Those that may run now and were not told before.
    std::vector<std::string> take_ready();
    // Ends one, running or waiting.
    void remove(const std::string& id);

    std::size_t size() const { return jobs_.size(); }

  private:
    struct Entry {
        std::set<std::string> collections;
        bool told = false;
    };
    bool is_first(const std::string& id, const Entry& entry) const;

    std::map<std::string, Entry> jobs_;
    std::map<std::string, std::deque<std::string>> lines_;  // collection -> ids in order
    std::deque<std::string> order_;
};

}  // namespace evenkeel::agent
