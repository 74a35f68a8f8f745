#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace evenkeel::plugin {

// How plugins run in processes of their own.
struct Isolation {
    std::string program;                   // evenkeel-plugin-host
    std::string user = "evenkeel-plugin";  // if this process is root's
    // A call that does not return this long after its deadline or cancellation costs the process
    // its life.
    std::chrono::milliseconds grace{1000};
    std::chrono::milliseconds start_patience{10'000};
    // It has ended too often and is not started any more; why, as a sentence. Called on any thread.
    std::function<void(const std::string& plugin, const std::string& why)> on_held;
};

}  // namespace evenkeel::plugin
