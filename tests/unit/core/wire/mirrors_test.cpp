#include "core/wire/mirrors.hpp"

#include <gtest/gtest.h>

namespace evenkeel::wire {
namespace {

const std::vector<Mirror> kUsers{{"groups", "groups", "members"}};
const std::vector<Mirror> kGroups{{"members", "users", "groups"}};

MirroredResource resource(const char* collection, const char* id, const char* description,
                          const char* at = "") {
    const auto& mirrors = std::string_view(collection) == "users" ? kUsers : kGroups;
    return {
        {collection, id}, Policy::enforce, mirrored_lists(mirrors, *json::parse(description)), at};
}

std::string found(const std::vector<MirroredResource>& request) {
    return text_of(find_contradictions(request));
}

TEST(Mirrors, AreReadFromASchema) {
    const auto mirrors = mirrors_of(*json::parse(R"({"properties":{"a":{},"groups":{"x-ek-mirrors":
        {"collection":"groups","property":"members"}}}})"));
    ASSERT_EQ(mirrors.size(), 1u);
    EXPECT_EQ(mirrors[0].field, "groups");
    EXPECT_EQ(mirrors[0].collection, "groups");
    EXPECT_EQ(mirrors[0].other_field, "members");
}

TEST(ARequest, ContradictsItselfWhereOneListHasANameAndTheOtherHasNot) {
    EXPECT_EQ(found({resource("users", "alice", R"({"groups":["games"]})", "/resources/0"),
                     resource("groups", "games", R"({"members":[]})", "/resources/1")}),
              "/resources/0/description/groups: users alice has \"games\" in /groups, but groups "
              "games has no \"alice\" in /members (/resources/1/description/members)");
    EXPECT_EQ(found({resource("users", "alice", R"({"groups":[]})", "/resources/0"),
                     resource("groups", "games", R"({"members":["alice"]})", "/resources/1")}),
              "/resources/1/description/members: groups games has \"alice\" in /members, but users "
              "alice has no \"games\" in /groups (/resources/0/description/groups)");
}

TEST(ARequest, SaysNothingByWhatItLeavesOut) {
    EXPECT_EQ(found({resource("users", "alice", R"({"groups":["games","adm"]})"),
                     resource("groups", "games", R"({"members":["alice","bob"]})"),
                     resource("groups", "adm", "{}"), resource("users", "bob", "{}")}),
              "");
    EXPECT_EQ(found({resource("users", "alice", R"({"ensure":"absent","groups":["games"]})"),
                     resource("groups", "games", R"({"members":[]})")}),
              "");
}

TEST(AStoredOne, IsContradictedFromEitherSide) {
    const auto user = resource("users", "alice", R"({"groups":["games"]})");
    const auto group = resource("groups", "games", R"({"members":[]})");
    const std::string words =
        "users alice has \"games\" in /groups, but groups games has no "
        "\"alice\" in /members: both are enforced";
    EXPECT_TRUE(contradicts_stored(user, {group.ref, group.lists}).starts_with(words));
    EXPECT_TRUE(contradicts_stored(group, {user.ref, user.lists}).starts_with(words));
    const auto agrees = resource("groups", "games", R"({"members":["alice"]})");
    EXPECT_EQ(contradicts_stored(user, {agrees.ref, agrees.lists}), "");
    const auto other = resource("groups", "adm", R"({"members":[]})");
    EXPECT_EQ(contradicts_stored(user, {other.ref, other.lists}), "");
}

}  // namespace
}  // namespace evenkeel::wire
