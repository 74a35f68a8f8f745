#include "plugins/accounts/reader.hpp"

#include <chrono>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/plugins/call_frame.hpp"

namespace evenkeel::accounts {
namespace {

using test::CallFrame;
using test::failure_of;

std::optional<std::string> told_of(const Database& database, const std::string& id,
                                   const char* word) {
    const User* const user = database.user(id);
    return user ? std::optional(word + std::to_string(user->uid)) : std::nullopt;
}

const AccountKind kUsers = {
    [](const Database& database) { return names_in(database.users()); },
    [](const Database& database, const std::string& id) { return told_of(database, id, "is "); },
    [](const Database& database, const std::string& id) { return told_of(database, id, "be "); }};

class AccountsReader : public testing::Test {
  protected:
    AccountsReader() {
        std::ofstream(etc_ / "passwd") << "alice:x:1:1::/:/bin/sh\nBad.Name:x:2:1::/:/bin/sh\n"
                                          "bob:x:3:1::/:/bin/sh\ncarol:x:4:1::/:/bin/sh\n";
        std::ofstream(etc_ / "group") << "all:x:1:\n";
    }
    std::string listed(const std::string& filter, std::uint32_t flags = 0) {
        CallFrame frame(flags);
        reader_.list(frame.call(), filter);
        return frame.items;
    }

    test::TempFolder etc_;
    Reader reader_{kUsers, etc_.path()};
};

TEST_F(AccountsReader, ListsAllThatCanBeDescribed) {
    EXPECT_EQ(listed(""), "alice is 1;bob is 3;carol is 4;");
    EXPECT_EQ(listed(R"({"ids":["carol","nobody","alice"]})"), "carol is 4;alice is 1;");
}

TEST_F(AccountsReader, ReadsThoseThatAreThere) {
    CallFrame frame;
    reader_.read(frame.call(), R"(["bob","nobody"])");
    EXPECT_EQ(frame.items, "bob is 3;");
    EXPECT_EQ(failure_of([&] { reader_.read(frame.call(), R"(["nobody"])"); }),
              std::to_string(EK_E_NOT_FOUND) + " : nobody does not exist");
}

TEST_F(AccountsReader, TellsDescriptionsInPlaceOfStatesWhereAsked) {
    CallFrame frame(EK_CALL_DESCRIBE);
    reader_.read(frame.call(), R"(["bob"])");
    EXPECT_EQ(frame.items, "bob be 3;");
    EXPECT_EQ(listed("", EK_CALL_DESCRIBE), "alice be 1;bob be 3;carol be 4;");
    EXPECT_EQ(listed(R"({"ids":["carol"]})", EK_CALL_DESCRIBE), "carol be 4;");
}

}  // namespace
}  // namespace evenkeel::accounts
