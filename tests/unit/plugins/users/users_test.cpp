#include <gtest/gtest.h>

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/tool.hpp"
#include "plugins/users/date.hpp"
#include "plugins/users/desired.hpp"
#include "plugins/users/difference.hpp"
#include "plugins/users/password.hpp"
#include "plugins/users/removal.hpp"
#include "plugins/users/tool_calls.hpp"
#include "tests/unit/plugins/bundled.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::users {
namespace {

using accounts::Database;
using test::CallFrame;
using test::failure_of;

const std::string kHash = "$y$j9T$saltsaltsalt$hashhashhashhash";

const Database kDatabase = Database::parse(
    "root:x:0:0:root:/root:/bin/bash\n"
    "alice:x:1000:1000:Alice:/home/alice:/bin/sh\n"
    "bangs:x:1001:1000:::\n"
    "open:x:1002:1000:::\n"
    "none:x:1003:1000:::\n"
    "lost:x:1004:4999:::\n",
    "alice:!" + kHash +
        ":19000:1:90:7::20000:\n"
        "bangs:!!" +
        kHash +
        ":1::::::\n"
        "open::1::::::\n"
        "none:!:1::::::\n",
    "root:x:0:\nalice:x:1000:\nadm:x:4:alice,ghost\nsudo:x:27:alice\n", "adm:!::gone\n");

// "tool arguments < input; ..." of the commands for a description, and what they cover.
std::string commands(const std::string& login, const std::string& description) {
    const CallFrame frame;
    const accounts::User* const now = kDatabase.user(login);
    const Desired wanted = parse_desired(frame.call(), description, kDatabase, now);
    const sdk::Changes changes = difference(login, now, wanted, kDatabase);
    std::string all, covered;
    for (const auto& command : tool_calls_for(login, now, wanted, kDatabase, changes)) {
        all += command.name;
        for (const std::string& argument : command.arguments) all += " [" + argument + "]";
        if (!command.input.empty()) all += " < " + command.input;
        all += ";";
        for (const std::string& field : command.fields) {
            EXPECT_TRUE(changes.has(field)) << field;
            covered += field;
        }
    }
    CallFrame planned(EK_CALL_DRY_RUN);
    sdk::Changes(changes).carry_out(planned.call(), [] {});
    for (std::size_t at = 0; at < planned.changes.size();) {
        const std::string path = planned.changes.substr(at, planned.changes.find(' ', at) - at);
        EXPECT_NE(covered.find(path), covered.npos) << path << " is made by no command";
        at = planned.changes.find(';', at) + 1;
    }
    return all;
}

std::string refusal(const std::string& login, const std::string& description) {
    const std::string all = failure_of([&] { commands(login, description); });
    return all.substr(0, all.find(':'));
}

std::string invalid_at(const char* pointer) {
    return std::to_string(EK_E_INVALID) + " " + pointer;
}

TEST(ANewUser, IsMadeByOneCallOfUseradd) {
    EXPECT_EQ(commands("new", "{}"), "useradd [-M] [-U] [new];");
    EXPECT_EQ(commands("sudo", "{}"), "useradd [-M] [-g] [27] [sudo];");
    EXPECT_EQ(commands("new", R"({"uid":5,"group":"adm","groups":["sudo","adm"],"home":"/h",
                                  "create_home":true,"shell":"/s","gecos":"","system":true})"),
              "useradd [-r] [-m] [-u] [5] [-g] [4] [-G] [adm,sudo] [-d] [/h] [-s] [/s] [-c] [] "
              "[new];");
}

TEST(ANewUser, GetsHashAndAgingByCallsOfTheirOwn) {
    EXPECT_EQ(commands("new", R"({"password_hash":")" + kHash + R"(","expires":"1970-01-11",
                                  "password_max_days":-1})"),
              "useradd [-M] [-U] [new];chpasswd [-e] < new:" + kHash +
                  "\n;chage [-E] [10] [-M] [-1] [new];");
    EXPECT_EQ(commands("new", R"({"password_hash":"","locked":true})"), "useradd [-M] [-U] [new];");
    EXPECT_EQ(commands("new", R"({"locked":true})"), "useradd [-M] [-U] [new];");
    EXPECT_EQ(commands("new", R"({"password_hash":")" + kHash + R"(","locked":true})"),
              "useradd [-M] [-U] [new];chpasswd [-e] < new:!" + kHash + "\n;");
}

TEST(AUser, IsChangedInAsFewCallsAsThereCanBe) {
    EXPECT_EQ(commands("alice", R"({"gecos":"A","shell":"/bin/bash","groups":[],"locked":false})"),
              "usermod [-G] [] [-s] [/bin/bash] [-c] [A] [-U] [alice];");
    EXPECT_EQ(commands("alice", R"({"password_min_days":2,"password_warn_days":-1,
                                    "password_inactive_days":3,"expires":"never"})"),
              "chage [-E] [-1] [-m] [2] [-W] [-1] [-I] [3] [alice];");
    EXPECT_EQ(commands("alice", R"({"uid":1000,"group":"alice","groups":["sudo","adm"],
        "home":"/home/alice","shell":"/bin/sh","gecos":"Alice","locked":true,
        "expires":"2024-10-04","password_min_days":1,"password_max_days":90,
        "password_warn_days":7,"password_inactive_days":-1,"create_home":true,"system":true,
        "password_hash":")" + kHash +
                                    R"("})"),
              "");
    EXPECT_EQ(commands("alice", R"({"group":"1000"})"), "");
    EXPECT_EQ(commands("alice", R"({"group":"27"})"), "usermod [-g] [27] [alice];");
}

TEST(ANewUser, IsAMemberOfNoGroupThatIsNotDescribed) {
    EXPECT_EQ(commands("ghost", "{}"), "useradd [-M] [-U] [ghost];");
    const Desired wanted = parse_desired(CallFrame().call(), "{}", kDatabase, nullptr);
    EXPECT_TRUE(difference("ghost", nullptr, wanted, kDatabase).has("/groups"));
    EXPECT_FALSE(difference("new", nullptr, wanted, kDatabase).has("/groups"));
    EXPECT_EQ(commands("ghost", R"({"groups":["sudo"]})"),
              "gpasswd [-d] [ghost] [adm];useradd [-M] [-G] [sudo] [-U] [ghost];");
    EXPECT_EQ(commands("gone", R"({"groups":[]})"),
              "gpasswd [-d] [gone] [adm];useradd [-M] [-G] [] [-U] [gone];");
    EXPECT_EQ(commands("gone", R"({"groups":["adm"]})"), "useradd [-M] [-G] [adm] [-U] [gone];");
}

TEST(AUser, WithoutALineInShadowGetsOneThatSaysWhatIsDescribed) {
    EXPECT_EQ(commands("lost", R"({"locked":true})"),
              "chage [-m] [-1] [lost];chpasswd [-e] < lost:!*\n;");
    EXPECT_EQ(commands("lost", R"({"password_max_days":3,"gecos":"L"})"),
              "usermod [-c] [L] [lost];chage [-M] [3] [-m] [-1] [lost];chpasswd [-e] < lost:*\n;");
    EXPECT_EQ(commands("lost", R"({"password_hash":"*","locked":false})"), "");
}

TEST(AUser, MayKeepTheNumberOfAGroupThatIsGone) {
    EXPECT_EQ(commands("lost", R"({"group":"4999"})"), "");
    EXPECT_EQ(refusal("lost", R"({"group":"4998"})"), invalid_at("/group"));
}

TEST(ARemoval, TellsTheGroupsAndTheGroupOfItsOwn) {
    const auto told = [](const char* login, const char* defs) {
        const sdk::Changes changes = removal(*kDatabase.user(login), kDatabase, defs);
        return std::pair(changes.has("/groups"), changes.has("/group"));
    };
    const char* const on = "#USERGROUPS_ENAB no\nUSERGROUPS_ENAB\tYES\n";
    EXPECT_EQ(told("alice", on), std::pair(true, false)) << "it is the primary one of others";
    EXPECT_EQ(told("root", on), std::pair(false, true));
    EXPECT_EQ(told("root", "USERGROUPS_ENAB no\n"), std::pair(false, false));
    EXPECT_EQ(told("lost", on), std::pair(false, false));
}

TEST(ALock, IsKeptWhereOnlyTheHashIsDescribed) {
    EXPECT_EQ(commands("alice", R"({"password_hash":"*"})"), "chpasswd [-e] < alice:!*\n;");
    EXPECT_EQ(commands("alice", R"({"password_hash":"*","locked":false})"),
              "chpasswd [-e] < alice:*\n;");
    EXPECT_EQ(commands("bangs", R"({"locked":true})"), "");
    EXPECT_EQ(commands("bangs", R"({"locked":false})"), "chpasswd [-e] < bangs:" + kHash + "\n;");
    EXPECT_EQ(commands("open", R"({"locked":true})"), "usermod [-L] [open];");
}

TEST(AnAccount, IsNeverOpenedWithoutAPassword) {
    EXPECT_EQ(refusal("none", R"({"locked":false})"), invalid_at("/locked"));
    EXPECT_EQ(refusal("new", R"({"locked":false})"), invalid_at("/locked"));
    EXPECT_EQ(refusal("new", R"({"password_hash":""})"), invalid_at("/password_hash"));
    EXPECT_EQ(refusal("alice", R"({"password_hash":"","locked":false})"),
              invalid_at("/password_hash"));
    EXPECT_EQ(commands("open", R"({"gecos":"x"})"), "usermod [-c] [x] [open];");
    EXPECT_EQ(commands("none", R"({"password_hash":""})"), "");
}

TEST(ADescription, IsRefusedByItsField) {
    EXPECT_EQ(refusal("new", R"({"gecos":")" + std::string(4096, 'x') + R"("})"),
              invalid_at("/gecos"));
    EXPECT_EQ(refusal("new", R"({"groups":["sudo","nope"]})"), invalid_at("/groups/1"));
    EXPECT_EQ(refusal("new", R"({"group":"nope"})"), invalid_at("/group"));
    EXPECT_EQ(refusal("new", R"({"group":"4000"})"), invalid_at("/group"));
    EXPECT_EQ(refusal("new", R"({"uid":1000})"), std::to_string(EK_E_CONFLICT) + " /uid");
    EXPECT_EQ(refusal("new", R"({"uid":4294967295})"), invalid_at("/uid"));
    EXPECT_EQ(refusal("new", R"({"home":"here"})"), invalid_at("/home"));
    EXPECT_EQ(refusal("new", R"({"shell":"/a:b"})"), invalid_at("/shell"));
    EXPECT_EQ(refusal("new", R"({"gecos":"a\nroot::0:0:::"})"), invalid_at("/gecos"));
    for (const char* bad : {"clear text", "hunter2", "!$6$saltsaltsalt$hashhash", "$1", "a:b",
                            "$6$salt$hash\\nroot:x", "$6$saltsaltsaltsalt$hash:0"})
        EXPECT_EQ(refusal("new", std::string(R"({"password_hash":")") + bad + R"("})"),
                  invalid_at("/password_hash"))
            << bad;
}

TEST(ADryRun, OnlyWarnsOfAGroupThatIsNotThereYet) {
    const CallFrame frame(EK_CALL_DRY_RUN);
    const Desired wanted = parse_desired(frame.call(), R"({"group":"web","groups":["adm","crew"]})",
                                         kDatabase, nullptr);
    EXPECT_EQ(frame.notes, (std::vector<std::string>{"/group there is no group \"web\" yet",
                                                     "/groups/1 there is no group \"crew\" yet"}));
    EXPECT_TRUE(difference("new", nullptr, wanted, kDatabase).has("/group"));
}

TEST(ADate, IsADayOfTheCalendar) {
    for (const char* day : {"1970-01-01", "2024-02-29", "2100-12-31", "never"})
        EXPECT_EQ(to_date(days_of(day)), day);
    EXPECT_EQ(days_of("2024-10-04"), 20000);
    EXPECT_EQ(to_date(2147483647).substr(0, 7), "5881580");
    for (const char* bad : {"", "2023-02-29", "2024-13-01", "1969-12-31", "24-10-04", "2024/10/04",
                            "2024-10-4", "+024-10-04", "20241004"})
        EXPECT_EQ(failure_of([&] { days_of(bad); }).substr(0, 11), invalid_at("/expires:")) << bad;
}

TEST(APasswordField, IsItsLockAndItsHash) {
    for (const char* field : {"", "!", "!!", "*", "!*", "!$6$a$b", "$6$a$b"})
        EXPECT_EQ(password_of(field).field(), field);
    EXPECT_TRUE(password_of("!*").locked());
    EXPECT_EQ(password_of("!!$6$a$b").hash, "$6$a$b");
}

// The accounts of the machine that runs the test are read and never changed.
class ThisMachine : public plugin::Bundled {
  protected:
    ThisMachine() : Bundled("users") {}
};

TEST_F(ThisMachine, HasStatesThatFitTheSchema) {
    const auto items = collection_->list({}, {});
    ASSERT_TRUE(items) << items.error().what;
    ASSERT_FALSE(items->empty());
    for (const auto& item : *items) EXPECT_TRUE(collection_->schema().accepts_key(item.id));
    const auto root = collection_->read({"root", "no-such-user"}, {});
    ASSERT_EQ(root.value().size(), 1u);
    EXPECT_EQ(root->front().state["uid"], json::Value(0));
    EXPECT_EQ(root->front().state["group"], json::Value("root"));
}

TEST_F(ThisMachine, PlansWithoutATool) {
    const auto planned =
        collection_->apply("ek-no-such", json::parse(R"({"gecos":"x"})").value(), true, {});
    EXPECT_EQ(told(planned), "/ensure planned;/group planned;/gecos planned;");
    EXPECT_EQ(told(collection_->remove("ek-no-such", false, {})), "");
    EXPECT_TRUE(told(collection_->remove("root", true, {})).starts_with("denied: "));
    EXPECT_TRUE(told(collection_->apply("-x", json::Object(), true, {})).starts_with("invalid: "));
}

TEST_F(ThisMachine, ComparesHashesByTheirFingerprintsOnly) {
    const auto root = collection_->read({"root"}, {}).value().front().state;
    json::Value other = json::Object();
    other.as_object().set("password_hash", kHash);
    const auto drift = collection_->compare("root", other, root).value();
    ASSERT_EQ(drift.size(), 1u);
    EXPECT_NE(drift[0].expected.find("redacted"), nullptr);
    EXPECT_NE(drift[0].actual.find("redacted"), nullptr);
    EXPECT_NE(collection_->redact(json::Object(), root)["password_hash"].find("redacted"), nullptr);
}

}  // namespace
}  // namespace evenkeel::users
