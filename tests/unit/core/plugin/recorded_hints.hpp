#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "core/plugin/collection.hpp"
#include "tests/support/wait.hpp"

namespace evenkeel::plugin {

// What the reactor hears, for a test that waits.
class RecordedHints {
  public:
    auto listener() {
        return [this](Hint hint, const std::string& id) {
            const std::lock_guard lock(mutex_);
            (hint == Hint::unsettled ? unsettled_ : ids_).push_back(id);
            missed_ += hint == Hint::missed ? 1 : 0;
            hung_ += hint == Hint::hung ? 1 : 0;
            more_.notify_all();
        };
    }
    int missed() {
        const std::lock_guard lock(mutex_);
        return missed_;
    }
    int hung() {
        const std::lock_guard lock(mutex_);
        return hung_;
    }
    std::vector<std::string> unsettled() {
        const std::lock_guard lock(mutex_);
        return unsettled_;
    }
    // Whether `count` hints come.
    bool wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        return more_.wait_for(lock, test::kPatience, [&] { return ids_.size() >= count; });
    }
    std::vector<std::string> ids() {
        const std::lock_guard lock(mutex_);
        return ids_;
    }

    // Whether this hint has come within `patience`; everything heard until then is forgotten.
    bool wait_for_id(const std::string& id, std::chrono::milliseconds patience = test::kPatience) {
        std::unique_lock lock(mutex_);
        const bool came = more_.wait_for(
            lock, patience, [&] { return std::find(ids_.begin(), ids_.end(), id) != ids_.end(); });
        ids_.clear();
        return came;
    }

  private:
    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<std::string> ids_;  // of all but unsettled
    std::vector<std::string> unsettled_;
    int missed_ = 0;
    int hung_ = 0;
};

}  // namespace evenkeel::plugin
