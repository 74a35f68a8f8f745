#pragma once

#include <set>
#include <string>
#include <utility>

namespace evenkeel::agent {

// Something that changes the machine and waits for its turn: a command, a repair, an action after
// repairs. The RunQueue owns it, begins it when all of its collections are free, and destroys it
// after it has called RunQueue::end(), but never inside that call: a run may end in the middle of
// its own function. Callbacks that it gives to lanes and store may refer to it, so it must not end
// before they have been called. [loop]
class Run {
  public:
    Run(std::string id, std::set<std::string> collections)
        : id_(std::move(id)), collections_(std::move(collections)) {}
    virtual ~Run() = default;
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    const std::string& id() const { return id_; }
    // The collections that it changes or relies on; no other run works on them meanwhile.
    const std::set<std::string>& collections() const { return collections_; }

    // Its turn has come. Called at most once; not of one that was added begun.
    virtual void begin() = 0;
    // Asks it to stop, whether it has begun or not. Most runs are short and ignore this.
    virtual void cancel() {}

  private:
    std::string id_;
    std::set<std::string> collections_;
};

}  // namespace evenkeel::agent
