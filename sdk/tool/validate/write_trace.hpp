#pragma once

#include <functional>
#include <string>
#include <vector>

namespace evenkeel::validate {

struct Written {
    std::string call;  // "openat"
    std::string path;  // absolute where it can be told
};

// Runs `work` in a child and returns the paths that it and its children opened for writing, made,
// renamed or removed. `ended` says how the child ended if `work` did not return; empty: it did.
// Throws Skipped where the kernel does not tell.
std::vector<Written> trace_writes(const std::function<void()>& work, std::string* ended);

}  // namespace evenkeel::validate
