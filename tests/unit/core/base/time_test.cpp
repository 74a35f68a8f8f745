#include "core/base/time.hpp"

#include <gtest/gtest.h>

#include "core/base/id.hpp"

namespace evenkeel {
namespace {

using std::chrono::milliseconds;

TEST(Rfc3339, WritesMillisecondsInUtc) {
    EXPECT_EQ(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339(1795412213120), "2026-11-23T05:36:53.120Z");
    EXPECT_EQ(to_rfc3339(951782400001), "2000-02-29T00:00:00.001Z");
}

TEST(Rfc3339, ReadsWhatItWritesAndOtherFractions) {
    for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{951782400001},
                                  std::int64_t{1795412213120}, std::int64_t{253402300799999}}) {
        EXPECT_EQ(from_rfc3339(to_rfc3339(ms)).value(), ms);
    }
    EXPECT_EQ(from_rfc3339("1970-01-01T00:00:01Z").value(), 1000);
    EXPECT_EQ(from_rfc3339("1970-01-01T00:00:00.5Z").value(), 500);
    EXPECT_EQ(from_rfc3339("1970-01-01T00:00:00.123456789Z").value(), 123);
}

TEST(Rfc3339, RefusesOtherSpellingsAndDaysThatAreNot) {
    for (const char* text :
         {"", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00+00:00",
          "1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z",
          "2001-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
          "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.1234567890Z", "1970-01-01T00:00:00Zx",
          "197a-01-01T00:00:00Z", "-970-01-01T00:00:00Z"}) {
        EXPECT_FALSE(from_rfc3339(text)) << text;
    }
}

TEST(Duration, ReadsOneNumberAndOneUnit) {
    EXPECT_EQ(parse_duration("500ms").value(), milliseconds(500));
    EXPECT_EQ(parse_duration("30s").value(), milliseconds(30'000));
    EXPECT_EQ(parse_duration("10m").value(), milliseconds(600'000));
    EXPECT_EQ(parse_duration("2h").value(), milliseconds(7'200'000));
    EXPECT_EQ(parse_duration("7d").value(), milliseconds(604'800'000));
}

TEST(Duration, RefusesTheRest) {
    for (const char* text : {"", "s", "10", "-1s", "+1s", "1.5s", "1 s", "1S", "1h30m", "1w",
                             "5000d", "99999999999999999999s", "18446744073709551615d"}) {
        EXPECT_EQ(parse_duration(text).error().code, Errc::invalid) << text;
    }
}

TEST(Duration, WritesTheShortestText) {
    EXPECT_EQ(to_duration(milliseconds(90'000)), "90s");
    EXPECT_EQ(to_duration(milliseconds(600'000)), "10m");
    EXPECT_EQ(to_duration(milliseconds(1500)), "1500ms");
    EXPECT_EQ(to_duration(milliseconds(86'400'000)), "1d");
    EXPECT_EQ(parse_duration(to_duration(milliseconds(0))).value(), milliseconds(0));
}

TEST(Id, IsAPrefixAndAUuidOfVersionSeven) {
    const std::string id = make_id("host");
    EXPECT_TRUE(is_id("host", id)) << id;
    EXPECT_EQ(id.size(), 5U + 36U);
    EXPECT_EQ(id[5 + 14], '7');
    EXPECT_NE(std::string("89ab").find(id[5 + 19]), std::string::npos);
}

TEST(Id, LaterOnesSortLater) {
    std::string last = make_id("cmd");
    for (int i = 0; i < 20'000; ++i) {
        const std::string next = make_id("cmd");
        ASSERT_LT(last, next);
        last = next;
    }
}

TEST(Id, RefusesWhatOnlyLooksLikeOne) {
    const std::string id = make_id("host");
    EXPECT_FALSE(is_id("cmd", id));
    EXPECT_FALSE(is_id("host", id + "0"));
    EXPECT_FALSE(is_id("host", id.substr(0, id.size() - 1)));
    EXPECT_FALSE(is_id("host", "host_0192F0C1-0000-7000-8000-000000000000"));
    EXPECT_FALSE(is_id("host", "host_0192f0c1x0000-7000-8000-000000000000"));
    EXPECT_FALSE(is_id("host", ""));
}

}  // namespace
}  // namespace evenkeel
