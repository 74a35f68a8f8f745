#pragma once

#include <cstdint>

// How many rows this process has read and written in its stores, so that a test can say what a
// piece of work touches and one that begins to read a whole table does not pass unseen. Rising
// since the start; nobody sets them back: take the difference of two readings. Relaxed atomics,
// one addition for each row, so that they stay on everywhere. [any]
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
