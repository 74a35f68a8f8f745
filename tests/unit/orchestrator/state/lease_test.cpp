#include "orchestrator/state/lease.hpp"

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/lease_keeper.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// Two orchestrators on one store, and the time as each of them sees it.
class LeaseTest : public test::StateTest {
  protected:
    LeaseKeeper keeper(const std::string& owner) {
        return {*state_, "chores", owner, std::chrono::seconds(30)};
    }
    // A turn, and what the store says to it.
    void turn(LeaseKeeper& keeper, std::uint64_t seconds) {
        keeper.turn(seconds * kSecond);
        settle();
    }
    // Answers come in the order of submit.
    void settle() {
        change([](Edit&) { return Result<void>(); });
    }
    Lease lease() { return **read().leases().find("chores"); }
    // Whether a work that must be done once was done.
    bool does(LeaseKeeper& keeper, const std::string& name) {
        bool done_well = false;
        keeper.submit([&](Edit& edit) { return edit.hosts().put_name(name, host_); },
                      [&](const Result<void>& done) { done_well = done.has_value(); });
        settle();
        EXPECT_EQ(read().hosts().id_of(name)->has_value(), done_well);
        return done_well;
    }
};

TEST_F(LeaseTest, TheOnlyOneHasItAtOnceAndRenewsIt) {
    LeaseKeeper one = keeper("one");
    EXPECT_FALSE(does(one, "early"));
    turn(one, 0);
    EXPECT_TRUE(one.holds());
    EXPECT_TRUE(does(one, "done"));
    turn(one, 5);
    turn(one, 10);
    EXPECT_EQ(lease(), (Lease{"one", 1, 2}));
}

TEST_F(LeaseTest, AnotherTakesItOnlyWhenTheCounterHasStoodStillByItsOwnClock) {
    LeaseKeeper one = keeper("one");
    LeaseKeeper two = keeper("two");
    turn(one, 0);
    turn(two, 1000);
    turn(two, 1029);
    EXPECT_FALSE(two.holds());
    turn(one, 5);  // renewed: the watch begins anew
    turn(two, 1031);
    turn(two, 1060);
    EXPECT_FALSE(two.holds());
    EXPECT_FALSE(does(two, "not yet"));
    turn(two, 1061);
    EXPECT_TRUE(two.holds());
    EXPECT_EQ(lease(), (Lease{"two", 2, 0}));
}

TEST_F(LeaseTest, WhoWasHeldUpDoesNothingUnderItsOldTerm) {
    LeaseKeeper one = keeper("one");
    LeaseKeeper two = keeper("two");
    turn(one, 0);
    turn(two, 0);
    turn(two, 30);
    ASSERT_TRUE(two.holds());
    EXPECT_TRUE(one.holds()) << "it cannot know yet";
    EXPECT_FALSE(does(one, "late"));
    EXPECT_TRUE(does(two, "in time"));
    turn(one, 31);
    EXPECT_FALSE(one.holds());
    turn(one, 32);
    turn(two, 60);
    turn(one, 61);
    EXPECT_FALSE(one.holds()) << "a lease that is renewed stays where it is";
}

TEST_F(LeaseTest, ARenewalBetweenTheLookAndTheTakeoverWins) {
    LeaseKeeper one = keeper("one");
    LeaseKeeper two = keeper("two");
    turn(one, 0);
    turn(two, 0);
    one.turn(5 * kSecond);   // under way
    two.turn(30 * kSecond);  // has read the counter from before
    settle();
    EXPECT_FALSE(two.holds());
    EXPECT_EQ(lease(), (Lease{"one", 1, 1}));
}

TEST_F(LeaseTest, AfterAStopAnotherHasItAtOnce) {
    LeaseKeeper one = keeper("one");
    LeaseKeeper two = keeper("two");
    turn(one, 0);
    turn(two, 0);
    one.release();
    settle();
    EXPECT_FALSE(does(one, "after the end"));
    turn(one, 1);
    EXPECT_FALSE(one.holds());
    turn(two, 1);
    EXPECT_TRUE(two.holds());
}

TEST_F(LeaseTest, AfterAKillTheNextStartHasItAtOnceUnderANewTerm) {
    {
        LeaseKeeper killed = keeper("one");
        turn(killed, 0);
    }
    LeaseKeeper again = keeper("one");
    turn(again, 1);
    EXPECT_TRUE(again.holds());
    EXPECT_EQ(lease().term, 2U);
}

}  // namespace
}  // namespace evenkeel::state
