#include "core/schema/ids.hpp"

#include <gtest/gtest.h>

#include "core/schema/schema.hpp"

namespace evenkeel::schema {
namespace {

Schema schema_of_paths() {
    return *Schema::compile(
        R"-({"type":"object","x-ek-key":{"pattern":"^(/[^/]+)+$","not":"/\\.\\.?(/|$)"},)-"
        R"("properties":{}})");
}

TEST(CanonicalId, IsThePathWithoutDetours) {
    const Schema paths = schema_of_paths();
    EXPECT_EQ(canonical_id(paths, "/etc//./x/"), "/etc/x");
    EXPECT_EQ(canonical_id(paths, "/etc/a/../x"), "/etc/x");
    EXPECT_EQ(canonical_id(paths, "/"), "");
}

// Where it was meant to be is not known: no spelling of it is better than another.
TEST(CanonicalId, IsNoneForAPathThatDoesNotBeginAtTheRoot) {
    const Schema paths = schema_of_paths();
    for (const char* id : {"y3", "./y3", "../y3", "a//b"}) {
        EXPECT_EQ(canonical_id(paths, id), "") << id;
        EXPECT_TRUE(is_relative_id(paths, id)) << id;
    }
    EXPECT_FALSE(is_relative_id(paths, "/etc//x"));
    EXPECT_FALSE(is_relative_id(paths, ""));
    const Schema names =
        *Schema::compile(R"({"type":"object","x-ek-key":{"pattern":"^[a-z]+$"},"properties":{}})");
    EXPECT_FALSE(is_relative_id(names, "NGINX"));
}

}  // namespace
}  // namespace evenkeel::schema
