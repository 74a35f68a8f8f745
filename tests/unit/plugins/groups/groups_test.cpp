#include <gtest/gtest.h>

#include "plugins/groups/group.hpp"
#include "tests/unit/plugins/bundled.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::groups {
namespace {

using accounts::Database;
using test::CallFrame;
using test::failure_of;

const Database kDatabase =
    Database::parse("alice:x:1000:1000:::\nbob:x:1001:1001:::\n", "",
                    "alice:x:1000:\ncrew:x:50:alice,elsewhere\nother:x:51:\n");

std::string commands(const std::string& name, const std::string& description) {
    const CallFrame frame;
    const accounts::Group* const now = kDatabase.group(name);
    const Desired wanted = parse_desired(frame.call(), description, kDatabase, now);
    std::string all;
    for (const auto& command :
         tool_calls_for(name, now, wanted, kDatabase, difference(now, wanted, kDatabase))) {
        all += command.name;
        for (const std::string& argument : command.arguments) all += " [" + argument + "]";
        for (const std::string& field : command.fields) all += " " + field;
        all += ";";
    }
    return all;
}

TEST(AGroup, IsMadeByGroupadd) {
    EXPECT_EQ(commands("new", "{}"), "groupadd [new] /ensure;");
    EXPECT_EQ(commands("new", R"({"gid":60,"system":true,"members":["bob","alice"]})"),
              "groupadd [-r] [-g] [60] [new] /ensure /gid;gpasswd [-M] [alice,bob] [new] "
              "/members;");
}

TEST(AGroup, IsChangedWhereItDiffers) {
    EXPECT_EQ(commands("crew", R"({"gid":50,"members":["elsewhere","alice"],"system":true})"), "");
    EXPECT_EQ(commands("crew", R"({"gid":52})"), "groupmod [-g] [52] [crew] /gid;");
    EXPECT_EQ(commands("crew", R"({"members":[]})"), "gpasswd [-M] [] [crew] /members;");
}

TEST(AGroup, TakesNewMembersOnlyIfTheyExist) {
    EXPECT_EQ(commands("crew", R"({"members":["elsewhere"]})"),
              "gpasswd [-d] [alice] [crew] /members;");
    EXPECT_EQ(commands("crew", R"({"members":["elsewhere","bob"]})"),
              "gpasswd [-d] [alice] [crew];gpasswd [-a] [bob] [crew] /members;");
    EXPECT_EQ(commands("crew", R"({"members":["bob"]})"), "gpasswd [-M] [bob] [crew] /members;");
    const CallFrame stays(EK_CALL_DRY_RUN);
    parse_desired(stays.call(), R"({"members":["elsewhere"]})", kDatabase, kDatabase.group("crew"));
    EXPECT_EQ(stays.notes,
              std::vector<std::string>{
                  "/members/0 there is no user \"elsewhere\" any more; the name stays a member"});
    EXPECT_EQ(failure_of([] { commands("crew", R"({"members":["bob","carol"]})"); }),
              std::to_string(EK_E_INVALID) + " /members/1: there is no user \"carol\"");
    const CallFrame plan(EK_CALL_DRY_RUN);
    parse_desired(plan.call(), R"({"members":["carol"]})", kDatabase, nullptr);
    EXPECT_EQ(plan.notes, std::vector<std::string>{"/members/0 there is no user \"carol\" yet"});
}

TEST(AGroup, NeverGetsAnothersNumber) {
    EXPECT_EQ(failure_of([] { commands("crew", R"({"gid":51})"); }),
              std::to_string(EK_E_CONFLICT) + " /gid: the group other has the gid 51 already");
}

TEST(ADifference, HasBeforeAndAfter) {
    const CallFrame frame;
    const accounts::Group* const crew = kDatabase.group("crew");
    const Desired wanted =
        parse_desired(frame.call(), R"({"gid":52,"members":["bob"]})", kDatabase, crew);
    EXPECT_TRUE(difference(crew, wanted, kDatabase).has("/gid"));
    EXPECT_EQ(state_of(*crew, kDatabase),
              R"({"gid":50,"members":["alice","elsewhere"],"unknown_members":["elsewhere"]})");
    EXPECT_EQ(state_of(*kDatabase.group("other"), kDatabase), R"({"gid":51,"members":[]})");
}

TEST(ADifference, TellsWhosePrimaryGroupItBecomes) {
    const CallFrame frame;
    const Desired taken = parse_desired(frame.call(), R"({"gid":1001})", kDatabase, nullptr);
    EXPECT_EQ(commands("new", R"({"gid":1001})"),
              "groupadd [-g] [1001] [new] /ensure /gid /primary_group_of;");
    EXPECT_TRUE(difference(nullptr, taken, kDatabase).has("/primary_group_of"));
    EXPECT_EQ(commands("alice", R"({"gid":1001})"),
              "groupmod [-g] [1001] [alice] /gid /primary_group_of;");
    EXPECT_EQ(commands("alice", R"({"gid":1002})"), "groupmod [-g] [1002] [alice] /gid;");
}

TEST(ARemoval, TellsWhoIsAMemberNoMore) {
    EXPECT_TRUE(removal(*kDatabase.group("crew")).has("/members"));
    EXPECT_FALSE(removal(*kDatabase.group("other")).has("/members"));
}

// The groups of the machine that runs the test are read and never changed.
class ThisMachine : public plugin::Bundled {
  protected:
    ThisMachine() : Bundled("groups") {}
};

TEST_F(ThisMachine, HasStatesThatFitTheSchema) {
    const auto items = collection_->list({}, {});
    ASSERT_TRUE(items) << items.error().what;
    ASSERT_FALSE(items->empty());
    const auto root = collection_->read({"root"}, {});
    ASSERT_EQ(root.value().size(), 1u);
    EXPECT_EQ(root->front().state["gid"], json::Value(0));
}

TEST_F(ThisMachine, PlansWithoutATool) {
    const auto planned =
        collection_->apply("ek-no-such", json::parse(R"({"gid":0})").value(), true, {});
    EXPECT_EQ(told(planned), "conflict: the group root has the gid 0 already (/gid)");
    EXPECT_EQ(told(collection_->apply("ek-no-such", json::Object(), true, {})), "/ensure planned;");
    EXPECT_EQ(told(collection_->remove("ek-no-such", false, {})), "");
    EXPECT_TRUE(told(collection_->remove("root", true, {})).starts_with("denied: "));
}

}  // namespace
}  // namespace evenkeel::groups
