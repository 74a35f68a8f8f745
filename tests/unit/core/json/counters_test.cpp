#include "core/json/counters.hpp"

#include <gtest/gtest.h>

#include "core/json/json.hpp"

namespace evenkeel::json {
namespace {

TEST(JsonCounters, CountTextsAndBytesThatAreReadAndWritten) {
    const Counters before = counters();
    ASSERT_TRUE(parse(R"({"a":1})"));
    EXPECT_FALSE(parse("{"));
    write(Value(true));
    write_canonical(Object{{"b", 1}});
    write_pretty(Value("x"));
    const Counters spent = counters() - before;
    EXPECT_EQ(spent.parses, 2U);
    EXPECT_EQ(spent.parsed_bytes, 8U);
    EXPECT_EQ(spent.writes, 3U);
    EXPECT_EQ(spent.written_bytes, 4U + 7U + 3U);
}

}  // namespace
}  // namespace evenkeel::json
