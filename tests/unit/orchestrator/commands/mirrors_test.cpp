#include "orchestrator/commands/mirrors.hpp"

#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "orchestrator/state/mirrored_names.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::commands {
namespace {

using wire::Policy;

constexpr const char* kUsers = R"({"properties":{"groups":{"type":"array","x-ek-compare":"set",
    "x-ek-mirrors":{"collection":"groups","property":"members"}}}})";
constexpr const char* kGroups = R"({"properties":{"members":{"type":"array","x-ek-compare":"set",
    "x-ek-mirrors":{"collection":"users","property":"groups"}}}})";

class MirrorsTest : public test::StateTest {
  protected:
    DescriptionRequest request(const char* collection, const std::string& id,
                               const std::string& description, Policy policy) {
        DescriptionRequest made;
        made.ref = {collection, id};
        made.description = *json::parse(description);
        made.policy = policy;
        made.schema = std::string_view(collection) == "users" ? users_ : groups_;
        return made;
    }
    // The error's words, or "".
    std::string put(const std::vector<DescriptionRequest>& requests) {
        const auto done = try_change([&](state::Edit& edit) -> Result<void> {
            EK_TRY(describe(edit, protector_, {.host = host_, .request_id = "r"}, requests));
            return {};
        });
        EXPECT_TRUE(done || done.error().code == Errc::conflict);
        return done ? "" : done.error().what;
    }
    std::string user(const std::string& id, const std::string& description,
                     Policy policy = Policy::enforce) {
        return put({request("users", id, description, policy)});
    }
    std::string group(const std::string& id, const std::string& description,
                      Policy policy = Policy::enforce) {
        return put({request("groups", id, description, policy)});
    }
    void drop(const wire::Ref& ref, bool from_the_machine) {
        change([&](state::Edit& edit) -> Result<void> {
            const Requester requester{.host = host_, .request_id = "r"};
            if (from_the_machine) EK_TRY(remove(edit, protector_, requester, ref));
            else EK_TRY(forget(edit, requester, ref));
            return {};
        });
    }
    std::uint64_t reads_of(const std::function<std::string()>& work) {
        const store::Counters before = store::counters();
        EXPECT_EQ(work(), "");
        return (store::counters() - before).reads;
    }

    std::shared_ptr<const schema::Schema> users_ =
        std::make_shared<const schema::Schema>(*schema::Schema::compile(kUsers));
    std::shared_ptr<const schema::Schema> groups_ =
        std::make_shared<const schema::Schema>(*schema::Schema::compile(kGroups));
};

constexpr const char* kWords =
    "users alice has \"games\" in /groups, but groups games has no \"alice\" in /members: both are "
    "enforced and would undo each other; describe both in one request, or leave one of the two out";

TEST_F(MirrorsTest, AnEnforcedOneThatContradictsAnotherIsRefusedInEitherOrder) {
    EXPECT_EQ(group("games", R"({"members":[]})"), "");
    EXPECT_EQ(user("alice", R"({"groups":["games"]})"), kWords);
    EXPECT_FALSE(*read().resources().find(host_, {"users", "alice"})) << "nothing is stored";
    drop({"groups", "games"}, false);
    EXPECT_EQ(user("alice", R"({"groups":["games"]})"), "");
    EXPECT_EQ(group("games", R"({"members":[]})"), kWords);
}

TEST_F(MirrorsTest, WhoIsNamedWithoutNamingIsFoundAmongAll) {
    EXPECT_EQ(group("games", R"({"members":["alice","bob"]})"), "");
    EXPECT_TRUE(user("alice", R"({"groups":[]})").starts_with("groups games has \"alice\""));
    EXPECT_EQ(user("alice", R"({"groups":["games"]})"), "");
    EXPECT_EQ(user("bob", R"({"shell":"/bin/sh"})"), "") << "it says nothing of its groups";
}

TEST_F(MirrorsTest, OneRequestMayChangeBothSides) {
    EXPECT_EQ(group("games", R"({"members":[]})"), "");
    const auto both = [&](const char* groups, const char* members) {
        return put({request("users", "alice", groups, Policy::enforce),
                    request("groups", "games", members, Policy::enforce)});
    };
    EXPECT_EQ(both(R"({"groups":["games"]})", R"({"members":["alice"]})"), "");
    EXPECT_NE(group("games", R"({"members":[]})"), "");
    EXPECT_EQ(both(R"({"groups":[]})", R"({"members":[]})"), "");
    EXPECT_EQ(group("games", R"({"members":[]})"), "") << "no name of before is left";
}

TEST_F(MirrorsTest, OnlyWhatIsEnforcedFights) {
    EXPECT_EQ(group("games", R"({"members":[]})", Policy::report), "");
    EXPECT_EQ(user("alice", R"({"groups":["games"]})"), "");
    EXPECT_EQ(user("alice", R"({"groups":["games"]})", Policy::report), "");
    EXPECT_EQ(group("games", R"({"members":[]})"), "");
}

TEST_F(MirrorsTest, WhatIsRemovedSaysNothing) {
    EXPECT_EQ(user("alice", R"({"groups":["games"]})"), "");
    drop({"users", "alice"}, true);
    EXPECT_EQ(group("games", R"({"members":[]})"), "");
    EXPECT_EQ(user("alice", R"({"ensure":"absent"})"), "");
}

TEST_F(MirrorsTest, ARequestTellsItsOwnAtBothPointers) {
    const auto wrong =
        find_contradictions({request("users", "alice", R"({"groups":["games"]})", Policy::report),
                             request("groups", "games", R"({"members":[]})", Policy::report)},
                            "/resources/");
    ASSERT_EQ(wrong.size(), 1u);
    EXPECT_EQ(wrong[0].pointer, "/resources/0/description/groups");
    EXPECT_NE(wrong[0].detail.find("(/resources/1/description/members)"), std::string::npos);
}

TEST_F(MirrorsTest, APutReadsAsMuchWhateverTheHostDescribes) {
    const auto put_both = [&](const std::string& name) {
        return reads_of([&] { return user(name, R"({"groups":["g0"]})"); }) +
               reads_of([&] { return group("g-" + name, R"({"members":["nobody"]})"); });
    };
    const auto describe_so_many = [&](const std::string& name, int count) {
        std::vector<DescriptionRequest> all;
        for (int i = 0; i < count; ++i) {
            const std::string number = std::to_string(i);
            all.push_back(request("groups", name + number, R"({"members":["m)" + number + R"("]})",
                                  Policy::enforce));
            all.push_back(
                request("users", name + "u" + number, R"({"groups":["x"]})", Policy::enforce));
        }
        EXPECT_EQ(put(all), "");
    };
    describe_so_many("few", 10);
    const std::uint64_t few = put_both("one");
    describe_so_many("many", 1'000);
    EXPECT_EQ(put_both("two"), few);
    EXPECT_LT(few, 70u);
}

}  // namespace
}  // namespace evenkeel::commands
