#pragma once

#include <string>

namespace evenkeel::store {

// Unmaps what this process has read of the store in `folder`: the pages stay in the page cache and
// are mapped again when they are read again, so that only the memory of the process shrinks.
// Readers and writers under way are not disturbed. [any]
void release_pages(const std::string& folder);

}  // namespace evenkeel::store
