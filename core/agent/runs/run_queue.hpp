#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/agent/runs/run.hpp"
#include "core/agent/runs/turns.hpp"

namespace evenkeel::run {
class Loop;
}

namespace evenkeel::agent {

// Owns the runs and begins each when its turn has come: see Turns. [loop]
class RunQueue {
  public:
    explicit RunQueue(run::Loop& loop) : loop_(loop) {}

    // The last run is over, and destroyed.
    std::function<void()> on_empty;

    // Begins it when its turn has come, never inside this call.
    void add(std::unique_ptr<Run> run);
    // Whether the turn of a run of these collections would come at once.
    bool are_free(const std::set<std::string>& collections) const {
        return turns_.are_free(collections);
    }
    // Gives it its turn; the caller begins it. Requires that its collections are free.
    void add_begun(std::unique_ptr<Run> run);
    // The run, waiting, begun or about to commit its end; null when there is none.
    Run* find(const std::string& id) const;
    // The run is over, begun or not: the runs behind it may begin. It lives until the loop's
    // current handler is through.
    void end(const Run& run);

    std::size_t size() const { return runs_.size(); }

  private:
    void begin_ready();

    run::Loop& loop_;
    Turns turns_;
    std::map<std::string, std::unique_ptr<Run>> runs_;
    std::vector<std::unique_ptr<Run>> ended_;
};

}  // namespace evenkeel::agent
