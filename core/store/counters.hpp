#pragma once

#include <cstdint>

// Counts the rows that this process has read and written in its stores, so that a test fails when
// an operation begins to read a whole table, and its commits, each of which waits for the disk. The
// counters only rise: take the difference of two readings. Relaxed atomics, one addition for each
// row: cheap enough to be always on. [any]
namespace evenkeel::store {

struct Counters {
    std::uint64_t reads = 0;    // keys that were looked for, and rows that a scan visited
    std::uint64_t writes = 0;   // rows set, and keys erased
    std::uint64_t commits = 0;  // that have changed something

    friend Counters operator-(const Counters& later, const Counters& earlier) {
        return {later.reads - earlier.reads, later.writes - earlier.writes,
                later.commits - earlier.commits};
    }
};

Counters counters();

// For txn.cpp.
void count_read();
void count_write();
void count_commit();

}  // namespace evenkeel::store
