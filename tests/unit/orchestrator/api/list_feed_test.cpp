#include "orchestrator/api/list_feed.hpp"

#include <algorithm>

#include "core/base/time.hpp"
#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/fixture.hpp"
#include "tests/unit/orchestrator/http/taken.hpp"

namespace evenkeel::api {
namespace {

const Fields kFields = {{.name = "size"}};

// Followers of a list of enrolment tokens, which an event touches by its "id". What a follower
// costs is counted; where turns of the loop matter, each piece of work takes a millisecond.
class ListFeedTest : public test::StateTest {
  protected:
    using Answer = std::shared_ptr<std::optional<bool>>;

    void SetUp() override {
        StateTest::SetUp();
        feed_ = std::make_unique<ListFeed>(loop_, *state_, std::chrono::hours(1));
    }
    void TearDown() override { feed_.reset(); }

    // Lists of one name are the same list.
    Listing listing(std::string name = "all") {
        Listing list{.list = read().enrolment_tokens().list(),
                     .make_for = [this](const auto&) -> PageSource::Make {
                         return [this](const state::Entry& entry) { return item(entry); };
                     }};
        list.name = std::move(name);
        list.identity = [](const state::Entry& entry) {
            return json::Object{{"id", std::string(entry.position())}};
        };
        list.touch = [this](const state::StoredEvent&, const json::Value& data, Touched& touched) {
            ++touches_;
            spend(touch_ns_);
            const std::string id = data.string_or("id");
            if (!id.empty()) touched.positions.emplace(id, json::Object{{"id", id}});
        };
        return list;
    }
    ApiResult<std::optional<json::Value>> item(const state::Entry& entry) {
        ++made_;
        spend(make_ns_);
        const auto token = *state::EnrolmentTokens::read(entry);
        return json::Object{{"id", token.id}, {"size", token.name.size()}};
    }
    static void spend(std::uint64_t ns) {
        const std::uint64_t end = now_monotonic_ns() + ns;
        while (now_monotonic_ns() < end) continue;
    }
    Filter filter(const std::string& text) { return *read_filter(text, kFields, read()); }

    static Result<void> tell(state::Edit& edit, const std::string& host, const std::string& id) {
        EK_CHECK(
            edit.add_event(state::EventType::agent_blind, host, host, json::Object{{"id", id}}));
        return {};
    }
    void put(const std::string& id, std::size_t size = 1) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(edit.enrolment_tokens().put({.id = id,
                                                  .hash = "h",
                                                  .name = std::string(size, 'x'),
                                                  .created_at = "",
                                                  .replaces = ""}));
            return tell(edit, host_, id);
        });
    }
    void erase(const std::string& id) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(edit.enrolment_tokens().erase(id));
            return tell(edit, host_, id);
        });
    }
    // Events about `id`; "" is in no list.
    void tell_often(const std::string& id, int count) {
        change([&](state::Edit& edit) -> Result<void> {
            for (int i = 0; i < count; ++i) EK_CHECK(tell(edit, host_, id));
            return {};
        });
    }
    std::uint64_t revision() { return *read().revision(); }

    // Begins a wait: its answer, nothing while there is none.
    Answer wait(std::uint64_t since, std::chrono::milliseconds most, Filter only = {}) {
        auto answer = std::make_shared<std::optional<bool>>();
        EXPECT_TRUE(feed_->wait({listing(), std::move(only), since}, most,
                                [answer](bool changed) { *answer = changed; }));
        return answer;
    }
    bool answered(const Answer& answer) {
        return loop_.run_until([&] { return answer->has_value(); }, test::kPatience);
    }
    // The most that `count` rises in one turn of the loop, until `done` holds.
    std::size_t most_in_one_turn(const std::size_t& count, const std::function<bool()>& done) {
        std::size_t most = 0;
        std::size_t before = count;
        while (!done() && !testing::Test::HasFailure()) {
            bool turned = false;
            EXPECT_TRUE(
                loop_.run_until([&] { return std::exchange(turned, true); }, test::kPatience));
            most = std::max(most, count - before);
            before = count;
        }
        return most;
    }

    std::unique_ptr<ListFeed> feed_;
    std::size_t made_ = 0;
    std::size_t touches_ = 0;
    std::uint64_t make_ns_ = 0;
    std::uint64_t touch_ns_ = 0;
};

TEST_F(ListFeedTest, AWaitReadsNoMoreOfThePastThanItsFirstChange) {
    put("a");
    tell_often("a", 2000);
    const json::Counters texts = json::counters();
    const Answer answer = wait(0, std::chrono::minutes(1));
    ASSERT_TRUE(answered(answer));
    EXPECT_TRUE(**answer);
    EXPECT_LT((json::counters() - texts).parses, 5U);
    EXPECT_EQ(made_, 0U);
}

TEST_F(ListFeedTest, AWaitForTheFutureDoesNotWalkTheList) {
    for (int i = 0; i < 200; ++i) put("t" + std::to_string(i));
    const store::Counters rows = store::counters();
    const Answer answer = wait(revision(), std::chrono::minutes(1));
    loop_.run_ready();
    EXPECT_LT((store::counters() - rows).reads, 20U);
    EXPECT_EQ(made_, 0U);
    EXPECT_FALSE(answer->has_value());
    erase("t7");
    ASSERT_TRUE(answered(answer));
    EXPECT_TRUE(**answer);
}

TEST_F(ListFeedTest, AWaitWithoutTimeStillSeesThePast) {
    put("a");
    const std::uint64_t before = revision();
    tell_often("", 500);
    put("b");
    const Answer changed = wait(before, std::chrono::milliseconds(0));
    ASSERT_TRUE(answered(changed));
    EXPECT_TRUE(**changed);
    const Answer same = wait(revision(), std::chrono::milliseconds(0));
    ASSERT_TRUE(answered(same));
    EXPECT_FALSE(**same);
}

TEST_F(ListFeedTest, AWaitWithAFilterEndsWithWhatComesIntoTheListOrLeavesIt) {
    put("in", 3);
    put("out", 5);
    const Answer enters = wait(revision(), std::chrono::minutes(1), filter("size = 4"));
    const Answer leaves = wait(revision(), std::chrono::minutes(1), filter("size = 3"));
    loop_.run_ready();
    put("out", 6);
    loop_.run_ready();
    EXPECT_FALSE(enters->has_value());
    EXPECT_FALSE(leaves->has_value());
    put("in", 4);
    ASSERT_TRUE(answered(enters));
    ASSERT_TRUE(answered(leaves));
    EXPECT_TRUE(**enters && **leaves);
}

TEST_F(ListFeedTest, ThePastIsReadInTurns) {
    tell_often("", 100);
    touch_ns_ = 1'000'000;
    const Answer answer = wait(0, std::chrono::milliseconds(0));
    EXPECT_EQ(touches_, 0U);
    EXPECT_LE(most_in_one_turn(touches_, [&] { return answer->has_value(); }), 6U);
    EXPECT_FALSE(**answer);
    EXPECT_GE(touches_, 100U);
}

TEST_F(ListFeedTest, WhatHappensIsReadInTurns) {
    auto stream = std::make_shared<http::Stream>();
    ASSERT_TRUE(feed_->follow(stream, {listing(), {}, std::nullopt}));
    loop_.run_ready();
    http::taken(*stream);
    stream->written();
    change([&](state::Edit& edit) -> Result<void> {
        for (int i = 0; i < 50; ++i) EK_CHECK(tell(edit, host_, "gone" + std::to_string(i)));
        EK_CHECK(edit.enrolment_tokens().put(
            {.id = "last", .hash = "h", .name = "x", .created_at = "", .replaces = ""}));
        return tell(edit, host_, "last");
    });
    touches_ = 0;
    touch_ns_ = 1'000'000;
    std::string text;
    EXPECT_LE(most_in_one_turn(touches_,
                               [&] {
                                   text += http::taken(*stream);
                                   stream->written();
                                   return text.find("bookmark") != std::string::npos &&
                                          text.find("\"last\"") != std::string::npos;
                               }),
              6U);
    EXPECT_EQ(touches_, 51U);
    stream->close();
    loop_.run_ready();
}

TEST_F(ListFeedTest, FollowersShareOneTurn) {
    for (int i = 0; i < 20; ++i) put("t" + std::to_string(i));
    make_ns_ = 1'000'000;
    std::vector<std::shared_ptr<http::Stream>> streams;
    for (int i = 0; i < 10; ++i) {
        streams.push_back(std::make_shared<http::Stream>());
        const std::string name = "list " + std::to_string(i);
        ASSERT_TRUE(feed_->follow(streams.back(), {listing(name), {}, std::nullopt}));
    }
    EXPECT_LE(most_in_one_turn(made_, [&] { return made_ == 200; }), 6U);
    for (const auto& stream : streams) {
        const std::string text = http::taken(*stream);
        EXPECT_NE(text.find("\"t7\""), std::string::npos);
        EXPECT_NE(text.find("bookmark"), std::string::npos);
        stream->close();
    }
    loop_.run_ready();
}

TEST_F(ListFeedTest, AnEntryIsReadAndMadeTextOnceForAllWhoFollowItsList) {
    constexpr std::size_t kFollowers = 60;
    for (int i = 0; i < 20; ++i) put("t" + std::to_string(i));
    std::uint64_t frames = http::frames_made();
    std::vector<std::shared_ptr<http::Stream>> streams;
    for (std::size_t i = 0; i < kFollowers; ++i) {
        streams.push_back(std::make_shared<http::Stream>());
        Filter only = i % 3 == 0 ? filter("size = 2") : Filter();
        ASSERT_TRUE(feed_->follow(streams.back(), {listing(), std::move(only), std::nullopt}));
    }
    loop_.run_ready();
    EXPECT_EQ(made_, 20U);
    EXPECT_EQ(http::frames_made() - frames, 21U) << "and a bookmark";
    for (const auto& stream : streams) {
        stream->take();
        stream->written();
    }
    const auto spent = [&](const std::function<void()>& call) {
        made_ = touches_ = 0;
        frames = http::frames_made();
        call();
        loop_.run_ready();
        EXPECT_LE(made_, 1U);
        EXPECT_EQ(touches_, 1U);
        return http::frames_made() - frames;
    };
    // To some it comes, to others it changes.
    EXPECT_EQ(spent([&] { put("t7", 2); }), 3U) << "added, modified, a bookmark";
    EXPECT_NE(http::taken(*streams[0]).find("event: added\ndata: {\"id\":\"t7\""),
              std::string::npos);
    EXPECT_NE(http::taken(*streams[1]).find("event: modified\ndata: {\"id\":\"t7\""),
              std::string::npos);
    streams[0]->written();
    streams[1]->written();
    EXPECT_EQ(spent([&] { erase("t7"); }), 2U) << "deleted, a bookmark";
    EXPECT_EQ(streams[0]->take().front(), streams[1]->take().front());
    for (const auto& stream : streams) stream->close();
    loop_.run_ready();
}

TEST_F(ListFeedTest, AStreamAfterARevisionTellsWhatHasChangedAndGone) {
    for (const char* id : {"stays", "changes", "goes"}) put(id);
    const std::uint64_t before = revision();
    put("changes", 2);
    erase("goes");
    auto stream = std::make_shared<http::Stream>();
    ASSERT_TRUE(feed_->follow(stream, {listing(), {}, before}));
    std::string text;
    const auto has_bookmark = [&] {
        text += http::taken(*stream);
        stream->written();
        return text.find("bookmark") != std::string::npos;
    };
    ASSERT_TRUE(loop_.run_until(has_bookmark, test::kPatience));
    EXPECT_EQ(text.find("stays"), std::string::npos);
    EXPECT_NE(text.find("event: modified\ndata: {\"id\":\"changes\",\"size\":2}"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("event: deleted\ndata: {\"id\":\"goes\"}"), std::string::npos) << text;
    stream->close();
    loop_.run_ready();
}

}  // namespace
}  // namespace evenkeel::api
