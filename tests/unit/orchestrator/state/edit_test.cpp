#include "orchestrator/state/edit.hpp"

#include "core/base/time.hpp"
#include "orchestrator/state/events.hpp"
#include "orchestrator/state/retention.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::state {
namespace {

class EditTest : public test::StateTest {
  protected:
    Resource made(const std::string& id, wire::Verdict verdict) {
        Resource one;
        one.ref = {"files", id};
        one.compliance.status = verdict;
        return one;
    }
    void put(const Resource& one) {
        const auto before = resource(one.ref.id);
        change([&](Edit& edit) {
            return edit.resources().put(host_, before ? &*before : nullptr, one);
        });
    }
};

TEST_F(EditTest, TheTallyFollowsEveryChangeOfAVerdict) {
    put(made("/a", wire::Verdict::unknown));
    put(made("/b", wire::Verdict::drifted));
    put(made("/a", wire::Verdict::compliant));
    EXPECT_EQ(*read().resources().counts(host_), (ComplianceCounts{1, 1, 0, 0}));
    change([&](Edit& edit) {
        return edit.resources().erase(host_, made("/b", wire::Verdict::drifted));
    });
    EXPECT_EQ(*read().resources().counts(host_), (ComplianceCounts{1, 0, 0, 0}));
}

TEST_F(EditTest, EveryEventHasARevisionOfItsOwn) {
    const std::uint64_t before = *read().revision();
    change([&](Edit& edit) -> Result<void> {
        EXPECT_EQ(*edit.add_event(EventType::agent_blind, host_, host_, json::Object{}),
                  before + 1);
        EXPECT_EQ(*edit.add_event(EventType::agent_shed, host_, host_, json::Object{}), before + 2);
        return {};
    });
    EXPECT_EQ(*read().revision(), before + 2);
}

TEST_F(EditTest, TheEventsFromATimeOnAreFoundWithoutReadingAll) {
    std::vector<std::pair<std::string, std::uint64_t>> made;  // a time before, and its revision
    for (int i = 0; i < 40; ++i) {
        const std::string last = now_rfc3339();
        while (i % 3 == 0 && now_rfc3339() == last) {  // some of them in one millisecond
        }
        made.emplace_back(now_rfc3339(), *read().revision());
        change([&](Edit& edit) -> Result<void> {
            EK_CHECK(edit.add_event(EventType::agent_blind, host_, host_, json::Object{}));
            edit.happened_at("2026-01-01T00:00:00Z");  // an outbox that waited
            EK_TRY(edit.add_event(EventType::agent_shed, host_, host_, json::Object{}));
            return {};
        });
    }
    const auto view = read();
    const std::uint64_t now = *view.revision();
    for (const auto& [time, revision] : made) {
        std::uint64_t wanted = *view.events().floor();
        EXPECT_TRUE(view.events().after(0, [&](std::uint64_t at, const StoredEvent& event) {
            const auto body = json::parse(event.body);
            if ((*body)["recordedtime"].as_string() < time) wanted = at;
            return true;
        }));
        EXPECT_EQ(*view.events().before(time, now), wanted);
    }
    EXPECT_EQ(*view.events().before("1970", now), *view.events().floor());
    EXPECT_EQ(*view.events().before("9999", now), now);
}

TEST_F(EditTest, AFailedChangeLeavesNothingBehind) {
    const std::uint64_t before = *read().revision();
    EXPECT_FALSE(try_change([&](Edit& edit) -> Result<void> {
        EK_CHECK(edit.resources().put(host_, nullptr, made("/a", wire::Verdict::failed)));
        EK_CHECK(edit.add_event(EventType::agent_blind, host_, host_, json::Object{}));
        return fail(Errc::conflict, "changed my mind");
    }));
    EXPECT_EQ(*read().revision(), before);
    EXPECT_FALSE(resource("/a"));
    EXPECT_TRUE(event_types().empty());
}

TEST_F(EditTest, LongIdsAreFoundAgain) {
    const std::string id(4000, 'x');
    put(made("/" + id, wire::Verdict::compliant));
    ASSERT_TRUE(resource("/" + id));
    EXPECT_EQ(resource("/" + id)->ref.id, "/" + id);
}

TEST_F(EditTest, AnEventReadsAsACloudEvent) {
    change([&](Edit& edit) -> Result<void> {
        EK_CHECK(
            edit.add_event(EventType::agent_blind, host_, "a/b", json::Object{{"reason", "x"}}));
        return {};
    });
    const auto view = read();
    std::string body;
    std::string id;
    EXPECT_TRUE(view.events().after(0, [&](std::uint64_t, const StoredEvent& event) {
        body = event.body;
        id = event.id;
        return true;
    }));
    const json::Value event = *json::parse(body);
    EXPECT_EQ(event.string_or("specversion"), "1.0");
    EXPECT_EQ(event.string_or("source"), "/v1/hosts/" + host_);
    EXPECT_EQ(event.string_or("subject"), "a/b");
    EXPECT_EQ(event.string_or("id"), id);
    EXPECT_EQ(parse_event_id(id)->stream, state_->stream().id);
    EXPECT_EQ(parse_event_id(id)->revision, *view.revision());
}

TEST_F(EditTest, AnEventSaysWhenItHappenedAndWhenItWasRecorded) {
    const auto times_of_last = [&] {
        json::Value event;
        EXPECT_TRUE(read().events().after(0, [&](std::uint64_t, const StoredEvent& stored) {
            event = *json::parse(stored.body);
            EXPECT_EQ(recorded_time(stored), event.string_or("recordedtime"));
            return true;
        }));
        return std::pair(event.string_or("time"), event.string_or("recordedtime"));
    };
    const auto add = [&](const char* happened) {
        change([&](Edit& edit) -> Result<void> {
            if (happened) edit.happened_at(happened);
            EK_CHECK(edit.add_event(EventType::agent_blind, host_, R"(a","time":"b)",
                                    json::Object{{"recordedtime", "1970"}, {"time", "1970"}}));
            return {};
        });
        return times_of_last();
    };
    const std::string before = now_rfc3339();
    const auto late = add("2026-01-01T00:00:00.5Z");
    EXPECT_EQ(late.first, "2026-01-01T00:00:00.500Z");
    EXPECT_GE(late.second, before);
    EXPECT_LE(late.second, now_rfc3339());
    for (const char* now : {static_cast<const char*>(nullptr), "2999-01-01T00:00:00Z", "soon"}) {
        const auto [happened, recorded] = add(now);
        EXPECT_GE(happened, before);
        EXPECT_LE(happened, recorded);
    }
}

TEST_F(EditTest, AnEventOfAnOlderProgramWasRecordedAtItsTime) {
    StoredEvent event;
    event.body = R"({"subject":"a","time":"2026-01-01T00:00:00.000Z","data":{"recordedtime":"x"}})";
    EXPECT_EQ(recorded_time(event), "2026-01-01T00:00:00.000Z");
}

TEST_F(EditTest, OldEventsGoByTimeAndByNumberAndTheFloorTells) {
    for (int i = 0; i < 5; ++i) {
        change([&](Edit& edit) -> Result<void> {
            EK_CHECK(edit.add_event(EventType::agent_blind, host_, host_, json::Object{}));
            return {};
        });
    }
    const std::uint64_t last = *read().revision();
    Retention few;
    few.events_most = 2;
    change([&](Edit& edit) { return throw_away_old(edit, few); });
    EXPECT_EQ(event_types().size(), 2U);
    EXPECT_EQ(*read().events().floor(), last - 2);
    Retention young;
    young.events_age = std::chrono::hours(-1);  // everything is older than the hour to come
    change([&](Edit& edit) { return throw_away_old(edit, young); });
    EXPECT_TRUE(event_types().empty());
    EXPECT_EQ(*read().events().floor(), last);
}

TEST(ComplianceNow, AnOfflineHostsVerdictIsUnknownWithTheLastBesideIt) {
    const wire::Compliance stored{.status = wire::Verdict::drifted,
                                  .reason = "",
                                  .fields = {},
                                  .since = "s",
                                  .seen_by = "event"};
    const rest::ComplianceView answering = compliance_now(stored, "");
    EXPECT_EQ(answering.now.status, wire::Verdict::drifted);
    EXPECT_FALSE(answering.last);
    const rest::ComplianceView silent = compliance_now(stored, "2026-01-01T00:00:00Z");
    EXPECT_EQ(silent.now.status, wire::Verdict::unknown);
    EXPECT_EQ(silent.now.reason, "host_offline");
    EXPECT_EQ(silent.now.since, "2026-01-01T00:00:00Z");
    EXPECT_EQ(silent.last->status, wire::Verdict::drifted);
}

}  // namespace
}  // namespace evenkeel::state
