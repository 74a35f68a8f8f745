#include "orchestrator/state/changes.hpp"

#include <set>
#include <utility>

#include "core/base/time.hpp"
#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/hosts/presence.hpp"
#include "orchestrator/hosts/untrusted_claims.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "orchestrator/state/to_compile.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::hosts {
namespace {

using ChangesTest = test::StateTest;

TEST_F(ChangesTest, RetiringTakesBackCertificateAndCommands) {
    state::Command waiting;
    waiting.id = "cmd_1";
    waiting.host = host_;
    waiting.seq = 1;
    change([&](state::Edit& edit) { return edit.commands().add(waiting); });
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(edit.hosts().put_certificate("f", host_));
        EK_CHECK(retire(edit, host_));
        return {};
    });
    EXPECT_EQ(command("cmd_1").state, state::CommandState::cancelled);
    EXPECT_EQ((*read().hosts().find(host_))->enrolment, state::EnrolmentState::retired);
}

TEST_F(ChangesTest, ANewStoreOfTheAgentIsToldAndBeginsAtZero) {
    wire::AgentHello hello;
    hello.stream = "stream_second";
    hello.facts = json::Object{};
    state::EventMark mark;
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(edit.hosts().put_event_mark(host_, {kStream, 7, edit.stream()}));
        mark = EK_TRY(host_connected(edit, host_, hello, "2026-01-01T00:00:00.000Z")).mark;
        return {};
    });
    EXPECT_EQ(mark.seq, 0U);
    EXPECT_EQ(last_event("agent.blind").string_or("reason"), "new_stream");
    EXPECT_EQ((*read().hosts().find(host_))->connection, state::Connection::online);
}

TEST_F(ChangesTest, AHelloCostsTheSameWhateverTheHostDescribesAndTheFleetIs) {
    wire::AgentHello hello;
    hello.stream = kStream;
    hello.facts = json::Object{};
    hello.collections.emplace_back().name = "files";
    const auto cost = [&] {
        const store::Counters rows = store::counters();
        const json::Counters texts = json::counters();
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(host_connected(edit, host_, hello, "2026-01-01T00:00:00.000Z"));
            return {};
        });
        return std::pair((store::counters() - rows).reads, (json::counters() - texts).parses);
    };
    const auto describe = [&](state::Edit& edit, int from, int until) -> Result<void> {
        for (int i = from; i < until; ++i) {
            state::Resource resource;
            resource.ref = {"files", "/a" + std::to_string(i)};
            EK_CHECK(edit.resources().describe(host_, nullptr, resource, json::Object{}, ""));
        }
        return {};
    };
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(host_connected(edit, host_, hello, "2026-01-01T00:00:00.000Z"));
        return describe(edit, 0, 1);
    });
    const auto before = cost();
    const std::string host = host_;
    change([&](state::Edit& edit) { return describe(edit, 1, 300); });
    for (int i = 2; i < 40; ++i) {
        host_ = "host_0192f0c1-0000-7000-8000-0000000000" + std::to_string(10 + i);
        add_host("other" + std::to_string(i));
        change([&](state::Edit& edit) { return describe(edit, 0, 10); });
    }
    host_ = host;
    EXPECT_EQ(cost(), before);
    EXPECT_LT(before.first, 30U);
    EXPECT_LT(before.second, 10U);
}

TEST_F(ChangesTest, AHelloThatChangesNothingLeavesNothingToCompile) {
    wire::AgentHello hello;
    hello.stream = kStream;
    hello.facts = json::Object{{"cpus", 2}};
    hello.collections.emplace_back().name = "files";
    const auto connect = [&] {
        change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(host_connected(edit, host_, hello, "2026-01-01T00:00:00.000Z"));
            return {};
        });
        std::set<std::string> changed;
        change([&](state::Edit& edit) -> Result<void> {
            const auto seen = EK_TRY(edit.to_compile().find(host_));
            if (!seen) return {};
            changed = seen->changed;
            EK_CHECK(edit.to_compile().erase_if_unchanged(host_, *seen));
            return {};
        });
        return changed;
    };
    EXPECT_EQ(connect(), (std::set<std::string>{"*"})) << "it is a new host";
    EXPECT_EQ(connect(), std::set<std::string>());
    hello.facts = json::Object{{"cpus", 4}};
    hello.collections.emplace_back().name = "packages";
    EXPECT_EQ(connect(), (std::set<std::string>{"collections", "host.facts.cpus"}));
}

TEST_F(ChangesTest, AHostIsMovedToAnEnvironmentThatExists) {
    const auto move = [&](const std::string& name) {
        return try_change([&](state::Edit& edit) -> Result<void> {
            EK_CHECK(hosts::change(edit, host_, {.name = {}, .environment = name, .labels = {}}));
            return {};
        });
    };
    EXPECT_EQ(move("prod").error().code, Errc::conflict);
    change([&](state::Edit& edit) -> Result<void> {
        return edit.model_objects().put(
            state::ModelKind::environment, "prod",
            {.revision = EK_TRY(edit.next_revision()), .body = json::Object{}});
    });
    ASSERT_TRUE(move("prod"));
    EXPECT_EQ((*read().hosts().find(host_))->environment, "prod");
    EXPECT_EQ(last_event("host.changed").string_or("environment"), "prod");
    EXPECT_TRUE(*read().hosts().has_hosts_in("prod"));
    ASSERT_TRUE(move("default"));
    EXPECT_FALSE(*read().hosts().has_hosts_in("prod"));
}

TEST_F(ChangesTest, TheSettingsOfARetiredHostAreErasedAndNoOthers) {
    const std::string own = "host:" + host_ + " port";
    change([&](state::Edit& edit) -> Result<void> {
        const state::ModelObject object{.revision = EK_TRY(edit.next_revision()),
                                        .body = json::Object{{"value", 1}}};
        EK_CHECK(edit.model_objects().put(state::ModelKind::setting, own, object));
        return edit.model_objects().put(state::ModelKind::setting, "global port", object);
    });
    const std::uint64_t before = *read().model_objects().revision();
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(retire(edit, host_));
        return {};
    });
    const auto view = read();
    EXPECT_FALSE(*view.model_objects().find(state::ModelKind::setting, own));
    EXPECT_TRUE(*view.model_objects().find(state::ModelKind::setting, "global port"));
    EXPECT_GT(*view.model_objects().revision(), before);
    EXPECT_EQ(last_event("setting.changed").string_or("name"), own);
}

TEST_F(ChangesTest, ATakenNameIsNotGivenTwice) {
    const std::string first = host_;
    host_ = "host_0192f0c1-0000-7000-8000-000000000002";
    add_host("db1");
    const auto done = try_change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(hosts::change(edit, host_, {.name = "web1", .environment = {}, .labels = {}}));
        return {};
    });
    EXPECT_EQ(done.error().code, Errc::conflict);
}

TEST_F(ChangesTest, NotingWhenHostsWereHeardWritesAndTellsNothingElse) {
    int told = 0;
    state_->listen([&](const state::Changes&) { ++told; });
    change([&](state::Edit& edit) { return store_last_seen(edit, {{host_, 1'000}}); });
    EXPECT_EQ(told, 0);
    EXPECT_EQ((*read().hosts().find(host_))->last_seen, to_rfc3339(1'000));
    // Whoever writes the rest does not touch it.
    change([&](state::Edit& edit) -> Result<void> {
        state::Host host = *EK_TRY(edit.hosts().find(host_));
        host.last_seen = "something else";
        return edit.hosts().put(host);
    });
    EXPECT_EQ((*read().hosts().find(host_))->last_seen, to_rfc3339(1'000));
}

TEST_F(ChangesTest, AHostThatPartsIsKnownToHaveBeenSeen) {
    change([&](state::Edit& edit) { return host_disconnected(edit, host_, to_rfc3339(2'000)); });
    EXPECT_EQ((*read().hosts().find(host_))->last_seen, to_rfc3339(2'000));
}

TEST(Presence, AHostIsSilentAfterThreeBeatsWithoutALink) {
    state::Host host;
    host.id = "h";
    Presence presence(std::chrono::seconds(10), 1'000'000);
    EXPECT_EQ(presence.offline_since(host, 9'000'000), "");  // never came
    presence.set_link("h", true);
    presence.record_message("h", {.wall_ms = 700'000, .monotonic_ms = 2'000'000});
    EXPECT_EQ(presence.offline_since(host, 9'000'000), "");
    presence.set_link("h", false);
    EXPECT_EQ(presence.offline_since(host, 2'029'999), "");
    EXPECT_EQ(presence.offline_since(host, 2'030'000), to_rfc3339(700'000));
}

TEST(Presence, GivesOutWhatWasHeardOnceAndInParts) {
    Presence presence(std::chrono::seconds(10), 0);
    for (const char* host : {"a", "b", "c", "a"}) presence.record_message(host, {.wall_ms = 7});
    EXPECT_EQ(presence.take_unstored(2).size(), 2U);
    const auto rest = presence.take_unstored(2);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].host, "c");
    EXPECT_EQ(rest[0].at_ms, 7);
    EXPECT_TRUE(presence.take_unstored(2).empty());
    presence.record_message("b", {.wall_ms = 8});
    EXPECT_EQ(presence.take_unstored(2).at(0).host, "b");
}

TEST(Presence, ASettingOfTheWallClockMakesNoHostSilent) {
    state::Host host;
    host.id = "h";
    Presence presence(std::chrono::seconds(10), 0);
    for (const std::int64_t wall : {1'000'000'000, 2'000'000'000, 500'000}) {
        presence.record_message("h", {.wall_ms = wall, .monotonic_ms = 1'000});
        EXPECT_EQ(presence.offline_since(host, 30'999), "");
        EXPECT_EQ(presence.offline_since(host, 31'000), to_rfc3339(wall));
    }
}

TEST(Presence, AfterAStartEveryHostHasThreeBeatsToComeBack) {
    state::Host host;
    host.id = "h";
    host.last_seen = to_rfc3339(500'000);
    const Presence presence(std::chrono::seconds(10), 1'000'000);
    EXPECT_EQ(presence.offline_since(host, 1'029'999), "");
    EXPECT_EQ(presence.offline_since(host, 1'030'000), to_rfc3339(500'000));
}

}  // namespace
}  // namespace evenkeel::hosts
