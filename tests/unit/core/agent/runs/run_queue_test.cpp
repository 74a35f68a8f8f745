#include "core/agent/runs/run_queue.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "core/run/loop.hpp"

namespace evenkeel::agent {
namespace {

using Words = std::vector<std::string>;

// Says what happens to it.
class FakeRun final : public Run {
  public:
    FakeRun(std::string id, std::set<std::string> collections, Words& said)
        : Run(std::move(id), std::move(collections)), said_(said) {}
    ~FakeRun() override { said_.push_back("gone " + id()); }
    void begin() override {
        said_.push_back("begin " + id());
        if (on_begin) on_begin();
    }
    std::function<void()> on_begin;

  private:
    Words& said_;
};

class RunsInTurn : public testing::Test {
  protected:
    FakeRun& add(const std::string& id, std::set<std::string> collections) {
        auto made = std::make_unique<FakeRun>(id, std::move(collections), said);
        FakeRun& added = *made;
        queue.add(std::move(made));
        return added;
    }
    Words happened() {
        loop.run_ready();
        return std::exchange(said, {});
    }

    run::Loop loop;
    Words said;
    RunQueue queue{loop};
};

TEST_F(RunsInTurn, AreNotBegunInsideTheCallThatAddsThem) {
    add("one", {"files"});
    EXPECT_EQ(said, Words{});
    EXPECT_EQ(happened(), Words{"begin one"});
    EXPECT_EQ(happened(), Words{});
}

TEST_F(RunsInTurn, TellWhenTheLastOneIsGone) {
    queue.on_empty = [this] { said.push_back("empty"); };
    FakeRun& one = add("one", {"files"});
    FakeRun& two = add("two", {"files"});
    one.on_begin = [&] { queue.end(one); };
    two.on_begin = [&] { queue.end(two); };
    EXPECT_EQ(happened(), (Words{"begin one", "begin two", "gone one", "gone two", "empty"}));
}

TEST_F(RunsInTurn, MayEndInTheMiddleOfTheirOwnBegin) {
    FakeRun& one = add("one", {"files"});
    one.on_begin = [&] {
        queue.end(one);
        // Still there: this function belongs to it.
        said.push_back("after the end of " + one.id());
    };
    add("two", {"files"});
    EXPECT_EQ(happened(), (Words{"begin one", "after the end of one", "begin two", "gone one"}));
    EXPECT_EQ(queue.size(), 1U);
}

TEST_F(RunsInTurn, HoldTheirTurnUntilTheirEnd) {
    FakeRun& one = add("one", {"files"});
    add("two", {"files"});
    EXPECT_EQ(happened(), Words{"begin one"});
    EXPECT_EQ(happened(), Words{});
    queue.end(one);
    EXPECT_EQ(queue.find("one"), nullptr);
    EXPECT_EQ(happened(), (Words{"begin two", "gone one"}));
}

TEST_F(RunsInTurn, ThatAreAddedBegunAreNotBegunHereAndHoldTheirTurn) {
    auto made = std::make_unique<FakeRun>("one", std::set<std::string>{"files"}, said);
    FakeRun& one = *made;
    ASSERT_TRUE(queue.are_free(one.collections()));
    queue.add_begun(std::move(made));
    EXPECT_FALSE(queue.are_free({"files"}));
    EXPECT_EQ(queue.find("one"), &one);
    add("two", {"files"});
    EXPECT_EQ(happened(), Words{});
    queue.end(one);
    EXPECT_EQ(happened(), (Words{"begin two", "gone one"}));
}

TEST_F(RunsInTurn, ThatEndBeforeTheirTurnAreNotBegun) {
    FakeRun& one = add("one", {"files"});
    queue.end(one);
    EXPECT_EQ(happened(), Words{"gone one"});
    EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace evenkeel::agent
