#pragma once

#include <cstdint>

// Counts the rows that this process has read and written in its stores, so that a test fails when
// an operation begins to read a whole table. The counters only rise: take the difference of two
// readings. Relaxed atomics, one addition for each row: cheap enough to be always on. [any]
namespace evenkeel::store {

struct Counters {
    std::uint64_t reads = 0;   // keys that were looked for, and rows that a scan visited
    std::uint64_t writes = 0;  // rows set, and keys erased

    friend Counters operator-(const Counters& later, const Counters& earlier) {
        return {later.reads - earlier.reads, later.writes - earlier.writes};
    }
};

Counters counters();

// For txn.cpp.
void count_read();
void count_write();

}  // namespace evenkeel::store
