#include "orchestrator/enrolment/rules.hpp"

#include "core/base/time.hpp"
#include "core/crypto/x509.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::enrolment {
namespace {

class RulesTest : public test::StateTest {
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
    void protect(const std::string& environment) {
        change([&](state::Edit& edit) -> Result<void> {
            return edit.model_objects().put(state::ModelKind::environment, environment,
                                            {.revision = EK_TRY(edit.next_revision()),
                                             .body = json::Object{{"protected", true}}});
        });
    }
};

TEST_F(RulesTest, TheSameKeyStaysTheSameEnrolment) {
    const auto request = ask();
    const auto first = announce_now(request, "192.0.2.1");
    ASSERT_TRUE(first) << first.error().what;
    EXPECT_EQ(announce_now(request, "192.0.2.2")->announced_at, first->announced_at);
    EXPECT_EQ(event_types(), std::vector<std::string>{"enrolment.changed"});
}

TEST_F(RulesTest, WhoIsGoneGivesWayToWhoIsThere) {
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

TEST_F(RulesTest, AnAcceptedMachineHasOneCertificate) {
    const auto authority = *crypto::Authority::create("test");
    const auto request = ask();
    const auto made = announce_now(request, "192.0.2.1");
    ASSERT_TRUE(made);
    const auto certify_now = [&](const std::string& host) -> Result<Enrolled> {
        Enrolled enrolled;
        Certificate certificate;
        certificate.pem = EK_TRY(authority.sign_host(request.csr, host));
        certificate.fingerprint = EK_TRY(crypto::certificate_fingerprint(certificate.pem));
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
    EXPECT_EQ(first->certificate.pem, second->certificate.pem);
    EXPECT_EQ(first->host, host);
    EXPECT_EQ((*read().hosts().resolve("web7"))->fingerprint, first->certificate.fingerprint);
}

TEST_F(RulesTest, AcceptingLetsAMachineIntoTheEnvironmentDefaultOrItsCloneIntoThatOfTheHost) {
    const auto protecting = [this](const std::string& id) { return *protecting_from(read(), id); };
    const std::string id = announce_now(ask(), "192.0.2.1")->id();
    EXPECT_EQ(protecting(id), "");
    protect("default");
    EXPECT_EQ(protecting(id), "default");
    EXPECT_EQ(protecting("enrolment_unknown"), "");
    state::Enrolment clone;
    change([&](state::Edit& edit) -> Result<void> {
        auto host = EK_TRY(edit.hosts().find(host_));
        host->environment = "prod";
        EK_CHECK(edit.hosts().put(*host));
        clone.fingerprint = std::string(64, 'a');
        clone.clone = "0123456789abcdef";
        clone.host = host_;
        clone.state = state::EnrolmentState::quarantined;
        return edit.enrolments().put(clone);
    });
    EXPECT_EQ(protecting(clone.id()), "");
    protect("prod");
    EXPECT_EQ(protecting(clone.id()), "prod");
}

TEST_F(RulesTest, ARejectedMachineMayBeAcceptedAndAnActiveOneNotRejected) {
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

}  // namespace
}  // namespace evenkeel::enrolment
