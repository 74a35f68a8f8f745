#pragma once

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <sys/types.h>
#include <unistd.h>

namespace evenkeel::test {

// How long a test waits at most for what has to come: only a failing one waits so long. Sanitizers
// and other work on the machine make everything take many times as long.
inline constexpr std::chrono::seconds kPatience{120};

// Waits until `condition` holds, for what nothing can be subscribed to: a file that another process
// makes, a state of the kernel. False if it does not hold within `limit`. The only pause in the C++
// tests that polls.
template <typename Condition>
bool wait_until(Condition&& condition, std::chrono::milliseconds limit = kPatience) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return condition();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

inline bool appears(const std::string& path) {
    return wait_until([&] { return ::access(path.c_str(), F_OK) == 0; });
}

// Whether this thread of the process comes to sleep in the kernel: it has nothing to do, or waits.
inline bool falls_asleep(pid_t thread) {
    return wait_until([&] {
        std::string line;
        std::getline(std::ifstream("/proc/self/task/" + std::to_string(thread) + "/stat"), line);
        const auto end_of_name = line.rfind(") ");
        return end_of_name != line.npos && line.compare(end_of_name + 2, 1, "S") == 0;
    });
}

}  // namespace evenkeel::test
