#include <vector>

#include <gtest/gtest.h>

#include "core/link/delivery_settler.hpp"

namespace evenkeel::link {
namespace {

struct Recorder : DeliverySettler {
    void settle(std::uint64_t id, Disposition disposition) override {
        answers.emplace_back(id, disposition);
    }
    std::vector<std::pair<std::uint64_t, Disposition>> answers;
};

TEST(Delivery, OnlyTheFirstAnswerOfAllCopiesCounts) {
    const auto recorder = std::make_shared<Recorder>();
    const Delivery one(recorder, 5);
    const Delivery copy = one;
    copy.settle(Disposition::accept);
    one.settle(Disposition::reject);
    ASSERT_EQ(recorder->answers.size(), 1U);
    EXPECT_EQ(recorder->answers[0], std::make_pair(std::uint64_t{5}, Disposition::accept));
}

TEST(Delivery, WithoutAnAnswerTheLastCopyReleases) {
    const auto recorder = std::make_shared<Recorder>();
    auto one = std::make_unique<Delivery>(recorder, 5);
    { const Delivery copy = *one; }
    EXPECT_TRUE(recorder->answers.empty());
    one.reset();
    ASSERT_EQ(recorder->answers.size(), 1U);
    EXPECT_EQ(recorder->answers[0].second, Disposition::release);
}

TEST(Delivery, OfAnEndpointThatIsGoneDoesNothing) {
    auto recorder = std::make_shared<Recorder>();
    const Delivery one(recorder, 5);
    recorder.reset();
    one.settle(Disposition::accept);
    Delivery().settle(Disposition::accept);
}

}  // namespace
}  // namespace evenkeel::link
