#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace evenkeel::store {

// Which keys a transaction has put, inserted or erased, each once, in the order in which it first
// touched them. It contains no values: a follower reads the present value of each key, so it always
// ends at what is stored, however late it reads. A value. [any]
class WriteSet {
  public:
    struct Touch {
        unsigned table = 0;  // Table::handle
        std::string key;
    };

    // O(1)
    void add(unsigned table, std::string_view key);
    // All that `other` has touched, behind what is here. O(other)
    void add(const WriteSet& other);

    const std::vector<Touch>& touches() const { return touches_; }
    bool empty() const { return touches_.empty(); }

  private:
    bool is_new(unsigned table, std::string_view key);

    std::vector<Touch> touches_;
    std::unordered_set<std::string> seen_;  // table and key in one, once they are many
};

}  // namespace evenkeel::store
