#include "core/command_line/usage.hpp"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

namespace evenkeel::command_line {
namespace {

class ProgramTest : public testing::Test {
  protected:
    ProgramTest() {
        app_.require_subcommand(1);
        app_.add_option("--config", config_);
        CLI::App* plan = app_.add_subcommand("plan");
        plan->add_option("FILE", file_)->required();
        app_.add_subcommand("check")->add_flag("--verify");
        CLI::App* call = app_.add_subcommand("call");
        call->require_subcommand(1);
        call->add_option("OBJECT", file_)->required();
        call->add_subcommand("list");
        call->add_subcommand("read")->add_option("ID", id_)->required();
    }
    // What is said of a wrong line, each of its lines with "; " between them.
    std::string told(std::vector<const char*> words) {
        words.insert(words.begin(), "keeper");
        testing::internal::CaptureStderr();
        const auto exit = parse(app_, static_cast<int>(words.size()), words.data());
        EXPECT_EQ(exit, std::optional(2));
        return testing::internal::GetCapturedStderr();
    }

    CLI::App app_{"Keeps", "keeper"};
    std::string config_;
    std::string file_, id_;
};

TEST_F(ProgramTest, AWrongWordIsNamedWithTheNearestOneAndTheProgram) {
    EXPECT_EQ(told({"plna", "x"}),
              "keeper: there is no command 'plna'; did you mean 'plan'?\n"
              "keeper: see keeper --help\n");
    EXPECT_EQ(told({"--confg", "x"}),
              "keeper: there is no option '--confg'; did you mean '--config'?\n"
              "keeper: see keeper --help\n");
    EXPECT_EQ(told({"check", "--verfy"}),
              "keeper: check: there is no option '--verfy'; did you mean '--verify'?\n"
              "keeper: see keeper check --help\n");
}

TEST_F(ProgramTest, WhatIsMissingOrTooMuchIsNamed) {
    EXPECT_EQ(told({}), "keeper: which command?\nkeeper: see keeper --help\n");
    EXPECT_EQ(told({"plan"}), "keeper: plan: FILE is required\nkeeper: see keeper plan --help\n");
    const std::string more = told({"check", "more"});
    EXPECT_NE(more.find("keeper: check: a word too many"), std::string::npos) << more;
    EXPECT_NE(more.find("more"), std::string::npos) << more;
}

TEST_F(ProgramTest, AWordBeforeACommandIsNoCommand) {
    EXPECT_EQ(told({"call", "x.so", "lst"}),
              "keeper: call: there is no command 'lst'; did you mean 'list'?\n"
              "keeper: see keeper call --help\n");
    EXPECT_EQ(told({"call", "x.so", "read"}),
              "keeper: call read: ID is required\nkeeper: see keeper call read --help\n");
}

TEST_F(ProgramTest, ALineThatReadsSaysNothing) {
    std::vector<const char*> words{"keeper", "plan", "site.json"};
    EXPECT_FALSE(parse(app_, static_cast<int>(words.size()), words.data()));
    EXPECT_EQ(file_, "site.json");
}

}  // namespace
}  // namespace evenkeel::command_line
