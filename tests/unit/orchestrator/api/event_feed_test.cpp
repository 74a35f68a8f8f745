#include "orchestrator/api/event_feed.hpp"

#include <algorithm>

#include "tests/unit/orchestrator/fixture.hpp"
#include "tests/unit/orchestrator/http/taken.hpp"

namespace evenkeel::api {
namespace {

class FeedTest : public test::StateTest {
  protected:
    void happen(state::EventType type) {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(edit.add_event(type, host_, host_, json::Object{{"pad", pad_}}));
            return {};
        });
    }
    static std::size_t count(const std::string& text, const std::string& what) {
        std::size_t found = 0;
        for (std::size_t at = text.find(what); at != std::string::npos;
             at = text.find(what, at + 1)) {
            ++found;
        }
        return found;
    }
    std::shared_ptr<http::Stream> follow(EventFeed& feed, EventFilter filter = {}) {
        auto stream = std::make_shared<http::Stream>();
        feed.follow(stream, std::move(filter), *read().revision());
        return stream;
    }
    static http::Frames take(http::Stream& stream) {
        http::Frames frames = stream.take();
        stream.written();
        return frames;
    }
    std::string pad_;
};

TEST_F(FeedTest, ReplaysWhatIsStoredAndGoesOnWithWhatHappens) {
    EventFeed feed(loop_, *state_);
    happen(state::EventType::agent_blind);
    auto stream = std::make_shared<http::Stream>();
    feed.follow(stream, {}, 0);
    happen(state::EventType::agent_shed);
    loop_.run_ready();
    const std::string text = http::taken(*stream);
    EXPECT_LT(text.find("event: agent.blind"), text.find("event: agent.shed"));
    EXPECT_EQ(count(text, "event: "), 2U);
    stream->close();
    loop_.run_ready();
    EXPECT_EQ(feed.size(), 0U);
}

TEST_F(FeedTest, AFilterLeavesOutOtherTypesAndHosts) {
    EventFeed feed(loop_, *state_);
    auto by_type = std::make_shared<http::Stream>();
    auto by_host = std::make_shared<http::Stream>();
    feed.follow(by_type, {.host = "", .types = {"agent.shed"}}, 0);
    feed.follow(by_host, {.host = "host_other", .types = {}}, 0);
    happen(state::EventType::agent_blind);
    happen(state::EventType::agent_shed);
    loop_.run_ready();
    EXPECT_EQ(count(http::taken(*by_type), "event: "), 1U);
    EXPECT_EQ(count(http::taken(*by_host), "event: "), 0U);
}

TEST_F(FeedTest, AnIdAloneEndsThePastOnce) {
    EventFeed feed(loop_, *state_);
    for (int i = 0; i < 3; ++i) happen(state::EventType::agent_blind);
    auto stream = std::make_shared<http::Stream>();
    feed.follow(stream, {.host = "host_other", .types = {}}, 0);
    loop_.run_ready();
    const auto now = state_->read().value().revision().value();
    EXPECT_EQ(http::taken(*stream), "id: " + state::event_id(state_->stream().id, now) + "\n\n");
    happen(state::EventType::agent_blind);
    loop_.run_ready();
    EXPECT_EQ(http::taken(*stream), "");
}

TEST_F(FeedTest, ASlowReaderIsBehindAndLosesNothing) {
    EventFeed feed(loop_, *state_);
    pad_ = std::string(100'000, 'x');
    for (int i = 0; i < 8; ++i) happen(state::EventType::agent_blind);
    auto stream = std::make_shared<http::Stream>();
    feed.follow(stream, {}, 0);
    std::size_t found = 0;
    for (int i = 0; i < 20; ++i) {
        loop_.run_ready();
        found += count(http::taken(*stream), "event: agent.blind");
        stream->written();
        EXPECT_TRUE(stream->is_open());
    }
    EXPECT_EQ(found, 8U);
}

TEST_F(FeedTest, AnEventIsMadeAFrameOnceHoweverManyFollowIt) {
    constexpr int kEvents = 30;
    EventFeed feed(loop_, *state_);
    std::vector<std::shared_ptr<http::Stream>> streams;
    for (int i = 0; i < 100; ++i) {
        const std::string host = i % 2 == 0 ? host_ : "";
        streams.push_back(follow(feed, {.host = host, .types = {}}));
        if (i % 5 == 0) streams.push_back(follow(feed, {.host = "", .types = {"agent.shed"}}));
    }
    loop_.run_ready();
    for (const auto& stream : streams) EXPECT_EQ(take(*stream).size(), 1U) << "the mark alone";
    const std::uint64_t before = http::frames_made();
    for (int i = 0; i < kEvents; ++i) {
        happen(i % 3 == 0 ? state::EventType::agent_shed : state::EventType::agent_blind);
    }
    loop_.run_ready();
    EXPECT_EQ(http::frames_made() - before, kEvents);
    const http::Frames first = take(*streams[0]);
    ASSERT_EQ(first.size(), kEvents);
    EXPECT_EQ(take(*streams[1]).size(), kEvents / 3U);
    for (std::size_t i = 2; i < streams.size(); ++i) {
        for (const http::Frame& frame : take(*streams[i])) {
            EXPECT_TRUE(std::find(first.begin(), first.end(), frame) != first.end());
        }
    }
}

TEST_F(FeedTest, WhoFallsBehindWhatIsKeptIsSentWhatIsStored) {
    EventFeed feed(loop_, *state_);
    const auto quick = follow(feed);
    const auto slow = follow(feed);
    pad_ = std::string(100'000, 'x');
    std::size_t seen = 0;
    for (int i = 0; i < 40; ++i) {
        happen(state::EventType::agent_blind);
        loop_.run_ready();
        for (const auto& frame : take(*quick)) seen += frame->size() > pad_.size() ? 1 : 0;
    }
    EXPECT_EQ(seen, 40U);
    std::string last;
    std::size_t late = 0;
    for (int i = 0; i < 60; ++i) {
        loop_.run_ready();
        for (const auto& frame : take(*slow)) {
            if (frame->size() < pad_.size()) continue;
            ++late;
            const std::string id = frame->substr(0, frame->find('\n'));
            EXPECT_NE(id, last);
            last = id;
        }
    }
    EXPECT_EQ(late, 40U);
    EXPECT_NE(last.find("-" + std::to_string(*read().revision())), std::string::npos);
    EXPECT_TRUE(slow->is_open());
}

TEST_F(FeedTest, WhoseEventsAreThrownAwayIsToldSoAndClosed) {
    EventFeed feed(loop_, *state_);
    const auto quick = follow(feed);
    const auto slow = follow(feed);
    pad_ = std::string(100'000, 'x');
    for (int i = 0; i < 20; ++i) {
        happen(state::EventType::agent_blind);
        loop_.run_ready();
        take(*quick);
    }
    change([&](state::Edit& edit) { return edit.events().erase_all(*read().revision()); });
    std::string text;
    for (int i = 0; i < 5; ++i) {
        text += http::taken(*slow);
        slow->written();
        loop_.run_ready();
    }
    EXPECT_TRUE(text.ends_with("event: error\ndata: {\"code\":\"slow-consumer\"}\n\n"));
    EXPECT_FALSE(slow->is_open());
    EXPECT_TRUE(quick->is_open());
    EXPECT_EQ(feed.size(), 1U);
}

TEST_F(FeedTest, AFollowerThatBeginsLaterThanWhatIsReadIsSentNothingTwice) {
    EventFeed feed(loop_, *state_);
    const auto first = follow(feed);
    loop_.run_ready();
    happen(state::EventType::agent_blind);
    const auto second = follow(feed);
    happen(state::EventType::agent_shed);
    loop_.run_ready();
    EXPECT_EQ(count(http::taken(*first), "event: "), 2U);
    EXPECT_EQ(count(http::taken(*second), "event: "), 1U);
}

}  // namespace
}  // namespace evenkeel::api
