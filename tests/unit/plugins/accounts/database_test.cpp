#include "plugins/accounts/database.hpp"

#include <gtest/gtest.h>

#include "plugins/accounts/fields.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::accounts {
namespace {

using test::failure_of;

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "# a comment\n"
    "+nis::::::\n"
    "-@netgroup::::::\n"
    "short:x:5:5\n"
    "letters:x:a:b:::\n"
    "huge:x:4294967296:0:::\n"
    "alice:x:1000:1001:Alice,,,:/home/alice:/bin/sh\n"
    "alice:x:2000:2000:twice::\n"
    "bob:in-passwd:1002:9:::\n"
    ":x:7:7:::\n";
constexpr const char* kShadow =
    "alice:!$y$hash:19000:1:90:7:14:20000:\n"
    "alice:second:1:2:3:4:5:6:\n"
    "root:*:19000:0:99999:7:-1:99999999999:\n"
    "ghost:x:1:1:1:1:1:1:\n";
constexpr const char* kGroup =
    "root:x:0:\n"
    "alice:x:1001:\n"
    "sudo:x:27:bob,alice,alice,\n"
    "adm:x:4:alice\n"
    "adm:x:5:bob\n"
    "bad:x:-1:alice";

class ADatabase : public testing::Test {
  protected:
    const Database database = Database::parse(kPasswd, kShadow, kGroup);
};

TEST_F(ADatabase, HasTheAccountsAndPassesOverWhatIsNone) {
    std::vector<std::string> names;
    for (const User& user : database.users()) names.push_back(user.name);
    EXPECT_EQ(names, (std::vector<std::string>{"root", "alice", "bob"}));
    EXPECT_EQ(database.user("ghost"), nullptr);
    EXPECT_EQ(database.user("nis"), nullptr);
    EXPECT_EQ(database.groups().size(), 4u);
}

TEST_F(ADatabase, TakesTheFirstOfTwoWithOneName) {
    EXPECT_EQ(database.user("alice")->uid, 1000u);
    EXPECT_EQ(database.user("alice")->password, "!$y$hash");
    EXPECT_EQ(database.group("adm")->gid, 4u);
    EXPECT_EQ(database.groups_with("bob"), std::vector<std::string>{"sudo"});
}

TEST_F(ADatabase, JoinsPasswdAndShadow) {
    const User& alice = *database.user("alice");
    EXPECT_EQ(alice.gecos, "Alice,,,");
    EXPECT_EQ(alice.home, "/home/alice");
    EXPECT_EQ(alice.shell, "/bin/sh");
    EXPECT_EQ((std::vector<std::int64_t>{alice.min, alice.max, alice.warn, alice.inactive,
                                         alice.expires}),
              (std::vector<std::int64_t>{1, 90, 7, 14, 20000}));
    const User& root = *database.user("root");
    EXPECT_EQ(root.inactive, kNone);
    EXPECT_EQ(root.expires, kNone);
    EXPECT_EQ(database.user("bob")->password, "in-passwd");
    EXPECT_EQ(database.user("bob")->max, kNone);
}

TEST_F(ADatabase, IndexesBothWays) {
    EXPECT_EQ(database.user_of(1002)->name, "bob");
    EXPECT_EQ(database.user_of(3), nullptr);
    EXPECT_EQ(database.group_name(27), "sudo");
    EXPECT_EQ(database.group_name(9), "9");
    EXPECT_EQ(database.group("sudo")->members, (std::vector<std::string>{"alice", "bob"}));
    EXPECT_EQ(database.groups_with("alice"), (std::vector<std::string>{"adm", "sudo"}));
    EXPECT_TRUE(database.groups_with("nobody").empty());
}

TEST(APassword, IsWhereTheSystemLooksForIt) {
    const Database database = Database::parse("in:$6$passwd:1:1:::\nno:x:2:2:::\nat:x:3:3:::\n",
                                              "in:$6$shadow:1::::::\nat:!*:1::::::\n", "");
    EXPECT_EQ(database.user("in")->password, "$6$passwd") << "PAM asks shadow for an x only";
    EXPECT_EQ(database.user("no")->password, "*");
    EXPECT_TRUE(database.user("no")->lacks_shadow);
    EXPECT_EQ(database.user("at")->password, "!*");
    EXPECT_FALSE(database.user("at")->lacks_shadow);
}

TEST(AMember, IsNamedInGroupOrInGshadow) {
    const Database database =
        Database::parse("alice:x:1:50:::\nbob:x:2:60:::\n", "", "crew:x:50:ghost\n",
                        "crew:!::alice,ghost\ngone:!::bob\n");
    EXPECT_EQ(database.group("crew")->members, (std::vector<std::string>{"alice", "ghost"}));
    EXPECT_EQ(database.unknown_members(*database.group("crew")), std::vector<std::string>{"ghost"});
    EXPECT_EQ(database.groups_with("alice"), std::vector<std::string>{"crew"});
    EXPECT_EQ(database.groups_with("ghost"), std::vector<std::string>{"crew"});
    EXPECT_TRUE(database.groups_with("bob").empty()) << "that group is not there";
    EXPECT_EQ(database.primary_users(60), std::vector<std::string>{"bob"});
}

TEST(FilesThatAreMissing, AreNoEmptyDatabase) {
    EXPECT_TRUE(Database::parse("", "", "").users().empty());
    EXPECT_EQ(failure_of([] { Database::load("/nonexistent"); }),
              std::to_string(EK_E_UNAVAILABLE) + " : there is no /nonexistent/passwd");
}

TEST(AName, IsWhatDebianTakes) {
    for (const char* good : {"a", "_apt", "www-data", "host$", "a23456789012345678901234567890bc"})
        EXPECT_TRUE(is_name(good)) << good;
    for (const char* bad : {"", "-a", "1a", "A", "a b", "a:b", "a,b", "a\n", "$", "a$b", "../a",
                            "\xc3\xa9", "a23456789012345678901234567890bcd"})
        EXPECT_FALSE(is_name(bad)) << bad;
}

TEST(Names, AreASetAndNoneCanBeTwo) {
    const auto names = [](const char* json) {
        return names_of(sdk::json::parse_object(json), "groups");
    };
    EXPECT_EQ(names("{}"), std::nullopt);
    EXPECT_EQ(names(R"({"groups":["b","a","b"]})"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(failure_of([&] { names(R"({"groups":["a","b,root"]})"); }).substr(0, 12),
              std::to_string(EK_E_INVALID) + " /groups/1:");
}

}  // namespace
}  // namespace evenkeel::accounts
