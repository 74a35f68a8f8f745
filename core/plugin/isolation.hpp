#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace evenkeel::plugin {

// How plugins run in processes of their own.
struct Isolation {
    std::string program;  // evenkeel-plugin-host
    // Folders and files that nobody is to see who stays root: keys, and where orders are given.
    // Sorted, so that a folder comes before what lies in it.
    std::vector<std::string> hidden;
    // Added to the `paths` of a plugin that declares some: the scratch folder of ek-plugin
    // validate.
    std::vector<std::string> more_paths;
    // Each process is in a control group of its own, which ends with it and with the agent. Not for
    // one that runs package managers: those must not be ended half-way.
    bool has_control_group = true;
    // Processor time between calls that costs a process its life, if it is more than a
    // quarter of that time.
    std::chrono::milliseconds idle_work_most{5000};
    // A call that does not return this long after its deadline or cancellation costs the process
    // its life.
    std::chrono::milliseconds grace{1000};
    std::chrono::milliseconds start_patience{10'000};
    // It has ended too often and is not started any more; why, as a sentence. Called on any thread.
    std::function<void(const std::string& plugin, const std::string& why)> on_held;
};

}  // namespace evenkeel::plugin
