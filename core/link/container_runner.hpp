#pragma once

#include <functional>
#include <mutex>
#include <string>

#include <proton/fwd.hpp>

#include "core/base/result.hpp"

namespace evenkeel::link {

// Runs one Proton container after the other on the calling thread, and ends them from any other.
class ContainerRunner {
  public:
    // `set_up` dials or listens, and does not wait for another thread. Returns when the container
    // has ended: by itself, by stop() or by an exception, which becomes `internal`. `ended` runs
    // before its connections are freed, to release what refers to them.
    Result<void> run(const std::string& container_id,
                     const std::function<void(proton::container&)>& set_up,
                     const std::function<void()>& ended);
    // Ends the container that runs; a later run() returns at once. [any]
    void stop();

  private:
    std::mutex mutex_;
    proton::container* running_ = nullptr;
    bool stopped_ = false;
};

}  // namespace evenkeel::link
