#include "core/agent/runs/run_queue.hpp"

#include <utility>

#include "core/run/loop.hpp"

namespace evenkeel::agent {

void RunQueue::add(std::unique_ptr<Run> run) {
    turns_.add(run->id(), run->collections());
    const std::string id = run->id();
    runs_.emplace(id, std::move(run));
    begin_ready();
}

void RunQueue::add_begun(std::unique_ptr<Run> run) {
    turns_.begin(run->id(), run->collections());
    const std::string id = run->id();
    runs_.emplace(id, std::move(run));
}

Run* RunQueue::find(const std::string& id) const {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : found->second.get();
}

void RunQueue::begin_ready() {
    for (const std::string& id : turns_.take_ready()) {
        // Posted, because a run that ends at once would call this function again.
        loop_.post([this, id] {
            if (turns_.contains(id)) runs_.at(id)->begin();
        });
    }
}

void RunQueue::end(const Run& run) {
    turns_.remove(run.id());
    begin_ready();
    const auto found = runs_.find(run.id());
    ended_.push_back(std::move(found->second));
    runs_.erase(found);
    loop_.post([this] {
        if (ended_.empty()) return;
        ended_.clear();
        if (runs_.empty() && on_empty) on_empty();
    });
}

}  // namespace evenkeel::agent
