#pragma once

#include <cstdint>

// How often this process has read and written JSON text, so that a test can say what a request
// costs and a change that reads a body once more does not pass unseen. Rising since the start;
// nobody sets them back: take the difference of two readings. Relaxed atomics, two additions for
// each text, so that they stay on everywhere. [any]
namespace evenkeel::json {

struct Counters {
    std::uint64_t parses = 0;  // texts given to parse(), refused ones too
    std::uint64_t parsed_bytes = 0;
    std::uint64_t writes = 0;  // texts made by write(), write_canonical() and write_pretty()
    std::uint64_t written_bytes = 0;

    friend Counters operator-(const Counters& later, const Counters& earlier) {
        return {later.parses - earlier.parses, later.parsed_bytes - earlier.parsed_bytes,
                later.writes - earlier.writes, later.written_bytes - earlier.written_bytes};
    }
};

Counters counters();

// For parse.cpp and write.cpp.
void count_parse(std::uint64_t bytes);
void count_write(std::uint64_t bytes);

}  // namespace evenkeel::json
