#pragma once

#include <set>
#include <string>
#include <utility>

namespace evenkeel::agent {

// Something that changes the machine and waits for its turn: a command, a repair, an action after
// repairs. The RunQueue owns it, begins it when it has all of its collections, and destroys it some
// time after the run has called end(); so a run may end in the middle of its own function, and what
// it has given to lanes and store may refer to it until it has come back. [loop]
class Run {
  public:
    Run(std::string id, std::set<std::string> collections)
        : id_(std::move(id)), collections_(std::move(collections)) {}
    virtual ~Run() = default;
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    const std::string& id() const { return id_; }
    // Those that it changes, or relies on; nothing else works on them meanwhile.
    const std::set<std::string>& collections() const { return collections_; }

    // Its turn has come. Called at most once.
    virtual void begin() = 0;
    // Somebody does not want it any more, whether it has begun or not. Most are short: they go on.
    virtual void cancel() {}

  private:
    std::string id_;
    std::set<std::string> collections_;
};

}  // namespace evenkeel::agent
