#include "orchestrator/hosts/enrolment.hpp"

#include "core/base/time.hpp"
#include "orchestrator/hosts/changes.hpp"
#include "orchestrator/hosts/discovery.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/hosts/presence.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/hosts.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::hosts {
namespace {

class EnrolmentTest : public test::StateTest {
  protected:
    std::string token(std::int64_t uses = 1) {
        TokenRequest order;
        order.uses = uses;
        order.labels = json::Object{{"role", "web"}};
        const MadeToken made = make_enrolment_token(order);
        change([&](state::Edit& edit) { return edit.enrolment_tokens().put(made.record); });
        return std::string(made.secret.reveal());
    }
    wire::EnrolRequest ask(const std::string& secret, const crypto::Secret& key,
                           const std::string& name = "db1") {
        wire::EnrolRequest request;
        request.token = secret;
        request.csr = *crypto::make_request(key, "whatever");
        request.name = name;
        request.facts = json::Object{};
        return request;
    }
    Result<Enrolled> enrol_now(const wire::EnrolRequest& request,
                               std::int64_t now_ms = now_unix_ms()) {
        const Candidate candidate = EK_TRY(make_candidate(read(), authority_, request));
        Enrolled enrolled;
        const auto done = try_change([&](state::Edit& edit) -> Result<void> {
            enrolled = EK_TRY(enrol(edit, request, candidate, now_ms));
            return {};
        });
        if (!done) return fail(done.error());
        return enrolled;
    }

    crypto::Authority authority_ = *crypto::Authority::create("test");
    crypto::Secret key_ = *crypto::make_key();
};

TEST_F(EnrolmentTest, ATokenMakesAHostWithTheTokensLabels) {
    const auto enrolled = enrol_now(ask(token(), key_));
    ASSERT_TRUE(enrolled) << enrolled.error().what;
    const auto host = *read().hosts().find(enrolled->host);
    ASSERT_TRUE(host);
    EXPECT_EQ(host->name, "db1");
    EXPECT_EQ(host->labels.string_or("role"), "web");
    EXPECT_EQ(*crypto::certificate_common_name(enrolled->certificate), enrolled->host);
    const auto types = event_types();
    EXPECT_EQ(types, (std::vector<std::string>{"host.changed", "enrolment.changed"}));
}

TEST_F(EnrolmentTest, TheSameKeyAndTokenAgainGiveTheSameHostAndCertificate) {
    const std::string secret = token();
    const auto first = enrol_now(ask(secret, key_));
    const auto second = enrol_now(ask(secret, key_));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->host, second->host);
    EXPECT_EQ(first->certificate, second->certificate);
    EXPECT_FALSE(second->fresh);
}

TEST_F(EnrolmentTest, AUsedTokenDoesNotTakeAnotherKey) {
    const std::string secret = token();
    ASSERT_TRUE(enrol_now(ask(secret, key_)));
    EXPECT_EQ(enrol_now(ask(secret, *crypto::make_key())).error().code, Errc::denied);
}

TEST_F(EnrolmentTest, AMachineAcceptedWhileItsTokenIsLookedAtAsksAgain) {
    const auto request = ask(token(), key_);
    const Candidate early = *make_candidate(read(), authority_, request);
    std::string host;
    change([&](state::Edit& edit) -> Result<void> {
        const auto made = EK_TRY(announce(edit, request, "192.0.2.1", {}, now_unix_ms()));
        host = EK_TRY(accept(edit, made.id(), {}, now_unix_ms())).host;
        return {};
    });
    const auto done = try_change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(enrol(edit, request, early, now_unix_ms()));
        return {};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::busy);
    const auto enrolled = enrol_now(request);
    ASSERT_TRUE(enrolled) << enrolled.error().what;
    EXPECT_EQ(enrolled->host, host);
    EXPECT_EQ(*crypto::certificate_common_name(enrolled->certificate), host);
}

TEST_F(EnrolmentTest, UnknownUsedAndExpiredTokensAreRefusedAlike) {
    const std::string secret = token();
    const std::int64_t late = now_unix_ms() + 7'200'000;
    const auto expired = enrol_now(ask(secret, key_), late);
    const auto unknown = enrol_now(ask("eke_nonsense", key_));
    EXPECT_EQ(expired.error().code, Errc::denied);
    EXPECT_EQ(unknown.error().what, expired.error().what);
}

TEST_F(EnrolmentTest, ATakenNameGetsASuffix) {
    const auto enrolled = enrol_now(ask(token(), key_, "web1"));
    ASSERT_TRUE(enrolled);
    EXPECT_EQ((*read().hosts().find(enrolled->host))->name, "web1-2");
}

TEST_F(EnrolmentTest, ARetiredHostsKeyBecomesANewHostWithANewToken) {
    const auto first = enrol_now(ask(token(), key_));
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(retire(edit, first->host));
        return {};
    });
    const auto second = enrol_now(ask(token(), key_));
    ASSERT_TRUE(second);
    EXPECT_NE(first->host, second->host);
    EXPECT_EQ((*read().hosts().find(second->host))->name, "db1");
}

TEST_F(EnrolmentTest, RetiringTakesBackCertificateNameAndCommands) {
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
    EXPECT_FALSE(*read().hosts().id_of("web1"));
    EXPECT_EQ(command("cmd_1").state, state::CommandState::cancelled);
    EXPECT_EQ((*read().hosts().find(host_))->enrolment, state::EnrolmentState::retired);
}

TEST_F(EnrolmentTest, ANewStoreOfTheAgentIsToldAndBeginsAtZero) {
    wire::AgentHello hello;
    hello.stream = "stream_second";
    hello.facts = json::Object{};
    state::EventMark mark;
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(edit.hosts().put_event_mark(host_, {kStream, 7, edit.stream()}));
        mark = EK_TRY(greet(edit, host_, hello, "2026-01-01T00:00:00.000Z")).mark;
        return {};
    });
    EXPECT_EQ(mark.seq, 0U);
    EXPECT_EQ(last_event("agent.blind").string_or("reason"), "new_stream");
    EXPECT_EQ((*read().hosts().find(host_))->connection, state::Connection::online);
}

TEST_F(EnrolmentTest, ATakenNameIsNotGivenTwice) {
    const auto enrolled = enrol_now(ask(token(), key_));
    const auto done = try_change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(hosts::change(edit, enrolled->host, {.name = "web1", .labels = {}}));
        return {};
    });
    EXPECT_EQ(done.error().code, Errc::conflict);
}

TEST(Names, KeepWhatCannotHurt) {
    EXPECT_EQ(tidy_name("web-1.example_x"), "web-1.example_x");
    EXPECT_EQ(tidy_name("<img src=x>"), "imgsrcx");
    EXPECT_EQ(tidy_name("'; rm -rf /"), "rm-rf");
    EXPECT_EQ(tidy_name("--"), "host");
    EXPECT_EQ(tidy_name(""), "host");
    EXPECT_FALSE(is_name("host_0192f0c1-0000-7000-8000-000000000001"));
}

TEST(Presence, AHostIsSilentAfterThreeBeatsWithoutALink) {
    state::Host host;
    host.id = "h";
    Presence presence(std::chrono::seconds(10), 1'000'000);
    EXPECT_EQ(presence.offline_since(host, 9'000'000), "");  // never came
    presence.set_link("h", true);
    presence.heard("h", 2'000'000);
    EXPECT_EQ(presence.offline_since(host, 9'000'000), "");
    presence.set_link("h", false);
    EXPECT_EQ(presence.offline_since(host, 2'029'999), "");
    EXPECT_EQ(presence.offline_since(host, 2'030'000), to_rfc3339(2'000'000));
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
