#include "orchestrator/hosts/discovery.hpp"

#include "core/base/time.hpp"
#include "orchestrator/hosts/claims.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::hosts {
namespace {

class DiscoveryTest : public test::StateTest {
  protected:
    static wire::EnrolRequest ask() {
        wire::EnrolRequest request;
        request.csr = *crypto::make_request(*crypto::make_key(), "whatever");
        request.name = "new1";
        request.facts = json::Object{};
        return request;
    }
    Result<state::Enrolment> announce_now(const wire::EnrolRequest& request,
                                          const std::string& address,
                                          const std::set<std::string>& waiting = {}) {
        state::Enrolment made;
        const auto done = try_change([&](state::Edit& edit) -> Result<void> {
            made = EK_TRY(announce(edit, request, address, waiting, now_unix_ms()));
            return {};
        });
        if (!done) return fail(done.error());
        return made;
    }
};

TEST_F(DiscoveryTest, TheSameKeyStaysTheSameEnrolment) {
    const auto request = ask();
    const auto first = announce_now(request, "192.0.2.1");
    ASSERT_TRUE(first) << first.error().what;
    EXPECT_EQ(announce_now(request, "192.0.2.2")->announced_at, first->announced_at);
    EXPECT_EQ(event_types(), std::vector<std::string>{"enrolment.changed"});
}

TEST_F(DiscoveryTest, WhoIsGoneGivesWayToWhoIsThere) {
    std::set<std::string> waiting;
    std::string oldest;
    for (std::size_t i = 0; i < kPendingOfAddressMost; ++i) {
        const auto made = announce_now(ask(), "192.0.2.1");
        ASSERT_TRUE(made);
        if (oldest.empty()) oldest = made->fingerprint;
        waiting.insert(made->fingerprint);
    }
    EXPECT_EQ(announce_now(ask(), "192.0.2.1", waiting).error().code, Errc::busy);
    EXPECT_TRUE(announce_now(ask(), "192.0.2.9", waiting));
    waiting.erase(oldest);
    EXPECT_TRUE(announce_now(ask(), "192.0.2.1", waiting));
    EXPECT_FALSE(*read().enrolments().find(oldest));
}

TEST_F(DiscoveryTest, AnAcceptedMachineHasOneCertificate) {
    const auto authority = *crypto::Authority::create("test");
    const auto request = ask();
    const auto made = announce_now(request, "192.0.2.1");
    ASSERT_TRUE(made);
    const auto certify_now = [&](const std::string& host) -> Result<Enrolled> {
        Enrolled enrolled;
        const std::string certificate = EK_TRY(authority.sign_host(request.csr, host));
        const auto done = try_change([&](state::Edit& edit) -> Result<void> {
            enrolled = EK_TRY(certify(edit, made->fingerprint, certificate));
            return {};
        });
        if (!done) return fail(done.error());
        return enrolled;
    };
    EXPECT_EQ(certify_now(host_).error().code, Errc::denied);
    std::string host;
    change([&](state::Edit& edit) -> Result<void> {
        host = EK_TRY(accept(edit, made->id(), {.name = "web7"}, now_unix_ms())).host;
        return {};
    });
    const auto first = certify_now(host);
    const auto second = certify_now(host);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->certificate, second->certificate);
    EXPECT_EQ(first->host, host);
    EXPECT_EQ((*read().hosts().resolve("web7"))->fingerprint, first->fingerprint);
}

TEST_F(DiscoveryTest, ARejectedMachineMayBeAcceptedAndAnActiveOneNotRejected) {
    const auto made = announce_now(ask(), "192.0.2.1");
    ASSERT_TRUE(made);
    change([&](state::Edit& edit) -> Result<void> {
        EXPECT_EQ(EK_TRY(reject(edit, made->id())).state, state::EnrolmentState::rejected);
        EXPECT_EQ(EK_TRY(accept(edit, made->id(), {}, 0)).state, state::EnrolmentState::active);
        EXPECT_EQ(reject(edit, made->id()).error().code, Errc::conflict);
        EXPECT_EQ(accept(edit, "enrolment_none", {}, 0).error().code, Errc::not_found);
        return {};
    });
}

TEST(Claims, AreBoundedAndPrintable) {
    EXPECT_EQ(tidy_text("a\x1b[1m\n", 64), "a\\x1b[1m\\n");
    EXPECT_EQ(tidy_text(std::string(500, '\x01'), 64).size(), 64U);
    const json::Value facts = tidy_facts(*json::parse(
        R"({"a":{"b":{"c":{"d":{"e":1}}}},"list":[1],"bad name":1,"yes":true,"n":1.5})"));
    EXPECT_EQ(json::write(facts), R"({"a":{"b":{"c":{}}},"yes":true,"n":1.5})");
    json::Object many;
    for (int i = 0; i < 60; ++i) {
        json::Object part;
        for (int j = 0; j < 60; ++j) part.set("m" + std::to_string(j), std::string(200, 'x'));
        many.set("p" + std::to_string(i), std::move(part));
    }
    EXPECT_EQ(tidy_facts(many), json::Value(json::Object{}));
}

}  // namespace
}  // namespace evenkeel::hosts
