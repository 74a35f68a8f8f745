#include "orchestrator/enrolment/token_rules.hpp"

#include "core/base/time.hpp"
#include "core/crypto/x509.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::enrolment {
namespace {

class TokenRulesTest : public test::StateTest {
  protected:
    std::string token(std::int64_t uses = 1, const std::string& replaces = "",
                      const std::string& environment = "default") {
        TokenRequest request;
        request.environment = environment;
        request.uses = uses;
        request.labels = json::Object{{"role", "web"}};
        const MadeToken made = make_token(request, replaces, "ann");
        change([&](state::Edit& edit) { return edit.enrolment_tokens().put(made.record); });
        last_ = made.record.id;
        return std::string(made.secret.reveal());
    }
    void put_environment(const std::string& name, bool is_protected) {
        change([&](state::Edit& edit) -> Result<void> {
            return edit.model_objects().put(state::ModelKind::environment, name,
                                            {.revision = EK_TRY(edit.next_revision()),
                                             .body = json::Object{{"protected", is_protected}}});
        });
    }
    // The token that was made last.
    Result<void> approve(const std::string& by) {
        return try_change([&](state::Edit& edit) -> Result<void> {
            auto token = EK_TRY(edit.enrolment_tokens().find(last_));
            EK_CHECK(approve_token(edit, *token, by));
            return {};
        });
    }
    // Of a machine with a key of its own: the environment of the host, or why it is none.
    std::string place_of(const std::string& secret) {
        const auto enrolled = enrol_now(ask(secret, *crypto::make_key()));
        return enrolled ? (*read().hosts().find(enrolled->host))->environment
                        : enrolled.error().what;
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
    Result<Candidate> candidate_of(const wire::EnrolRequest& request) {
        Candidate candidate = EK_TRY(find_candidate(read(), request));
        candidate.certificate.pem = EK_TRY(authority_.sign_host(request.csr, candidate.host));
        candidate.certificate.fingerprint =
            EK_TRY(crypto::certificate_fingerprint(candidate.certificate.pem));
        return candidate;
    }
    Result<Enrolled> enrol_now(const wire::EnrolRequest& request,
                               std::int64_t now_ms = now_unix_ms()) {
        const Candidate candidate = EK_TRY(candidate_of(request));
        Enrolled enrolled;
        const auto done = try_change([&](state::Edit& edit) -> Result<void> {
            enrolled = EK_TRY(enrol(edit, request, candidate, now_ms, "192.0.2.1"));
            return {};
        });
        if (!done) return fail(done.error());
        return enrolled;
    }

    crypto::Authority authority_ = *crypto::Authority::create("test");
    crypto::Secret key_ = *crypto::make_key();
    std::string last_;  // id
};

// What each place of the host needs of its token.
class ProtectedTokenTest : public TokenRulesTest {
  protected:
    void SetUp() override {
        TokenRulesTest::SetUp();
        put_environment("prod", true);
        put_environment("prod/eu", false);
        put_environment("stage", false);
    }
    static constexpr const char* kRefused =
        "environment prod is protected: somebody else than who made the token has to approve it "
        "first";
};

TEST_F(ProtectedTokenTest, IntoAProtectedEnvironmentNoHostComesBeforeSomebodyElseHasApproved) {
    const std::string secret = token(3, "", "prod/eu");
    EXPECT_EQ(place_of(secret), kRefused);
    EXPECT_EQ((*read().enrolment_tokens().find(last_))->uses_left, 3);
    const auto own = approve("ann");
    ASSERT_FALSE(own);
    EXPECT_EQ(own.error().code, Errc::denied);
    EXPECT_EQ(place_of(secret), kRefused);
    ASSERT_TRUE(approve("bob"));
    ASSERT_TRUE(approve("ann")) << "it is approved already";
    EXPECT_EQ((*read().enrolment_tokens().find(last_))->approved_by, "bob");
    EXPECT_EQ(place_of(secret), "prod/eu");
    EXPECT_EQ(place_of(token(1, "", "stage")), "stage");
}

TEST_F(ProtectedTokenTest, ATokenThatIsOlderThanTheProtectionWaitsTooAndAnUnknownMakerIsNobody) {
    const std::string secret = token(2, "", "stage");
    EXPECT_EQ(place_of(secret), "stage");
    put_environment("stage", true);
    EXPECT_NE(place_of(secret), "stage");
    change([&](state::Edit& edit) -> Result<void> {
        auto token = EK_TRY(edit.enrolment_tokens().find(last_));
        token->created_by.clear();
        return edit.enrolment_tokens().put(*token);
    });
    EXPECT_FALSE(approve("bob"));
}

TEST_F(ProtectedTokenTest, WhoReplacesAHostThereNeedsItToo) {
    const auto first = enrol_now(ask(token(1, "", "stage"), key_));
    ASSERT_TRUE(first);
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(
            hosts::change(edit, first->host, {.name = {}, .environment = "prod/eu", .labels = {}}));
        return {};
    });
    const std::string secret = token(1, first->host);
    EXPECT_EQ(place_of(secret), kRefused);
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(hosts::retire(edit, first->host));
        return {};
    });
    EXPECT_EQ(place_of(secret), kRefused) << "a retired one comes back there";
    ASSERT_TRUE(approve("bob"));
    EXPECT_EQ(place_of(secret), "prod/eu");
}

TEST_F(ProtectedTokenTest, AnotherPlaceThanWasApprovedIsNotApproved) {
    put_environment("default", true);
    const std::string secret = token(1, "", "gone");
    ASSERT_TRUE(approve("bob"));
    EXPECT_NE(place_of(secret), "default") << "it falls back to one that is protected";
    put_environment("default", false);
    EXPECT_EQ(place_of(secret), "default");
}

TEST_F(TokenRulesTest, ATokenMakesAHostWithTheTokensLabels) {
    const auto enrolled = enrol_now(ask(token(), key_));
    ASSERT_TRUE(enrolled) << enrolled.error().what;
    const auto host = *read().hosts().find(enrolled->host);
    ASSERT_TRUE(host);
    EXPECT_EQ(host->name, "db1");
    EXPECT_EQ(host->labels.string_or("role"), "web");
    EXPECT_EQ(*crypto::certificate_common_name(enrolled->certificate.pem), enrolled->host);
    const auto types = event_types();
    EXPECT_EQ(types, (std::vector<std::string>{"host.changed", "enrolment.changed"}));
}

TEST_F(TokenRulesTest, AHostIsInTheEnvironmentOfItsTokenWhileItExists) {
    const std::string secret = token(2, "", "prod/eu");
    const auto early = enrol_now(ask(secret, key_));
    ASSERT_TRUE(early) << early.error().what;
    EXPECT_EQ((*read().hosts().find(early->host))->environment, "default") << "it was deleted";
    change([&](state::Edit& edit) -> Result<void> {
        return edit.model_objects().put(
            state::ModelKind::environment, "prod/eu",
            {.revision = EK_TRY(edit.next_revision()), .body = json::Object{}});
    });
    const auto enrolled = enrol_now(ask(secret, *crypto::make_key(), "db2"));
    ASSERT_TRUE(enrolled) << enrolled.error().what;
    EXPECT_EQ((*read().hosts().find(enrolled->host))->environment, "prod/eu");
    // Another machine in its place does not move it.
    const auto replaced = enrol_now(ask(token(1, enrolled->host), *crypto::make_key(), "db2"));
    ASSERT_TRUE(replaced) << replaced.error().what;
    EXPECT_EQ(replaced->host, enrolled->host);
    EXPECT_EQ((*read().hosts().find(enrolled->host))->environment, "prod/eu");
}

TEST_F(TokenRulesTest, TheSameKeyAndTokenAgainGiveTheSameHostAndCertificate) {
    const std::string secret = token();
    const auto first = enrol_now(ask(secret, key_));
    const auto second = enrol_now(ask(secret, key_));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->host, second->host);
    EXPECT_EQ(first->certificate.pem, second->certificate.pem);
    EXPECT_FALSE(second->fresh);
}

TEST_F(TokenRulesTest, AUsedTokenDoesNotTakeAnotherKey) {
    const std::string secret = token();
    ASSERT_TRUE(enrol_now(ask(secret, key_)));
    EXPECT_EQ(enrol_now(ask(secret, *crypto::make_key())).error().code, Errc::denied);
}

TEST_F(TokenRulesTest, AMachineAcceptedAfterItsCandidateWasFoundAsksAgain) {
    const auto request = ask(token(), key_);
    const Candidate early = *candidate_of(request);
    std::string host;
    change([&](state::Edit& edit) -> Result<void> {
        const auto made = EK_TRY(announce(edit, request, "192.0.2.1", {}, now_unix_ms()));
        host = EK_TRY(accept(edit, made.id(), {}, now_unix_ms())).host;
        return {};
    });
    const auto done = try_change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(enrol(edit, request, early, now_unix_ms(), "192.0.2.1"));
        return {};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::busy);
    const auto enrolled = enrol_now(request);
    ASSERT_TRUE(enrolled) << enrolled.error().what;
    EXPECT_EQ(enrolled->host, host);
    EXPECT_EQ(*crypto::certificate_common_name(enrolled->certificate.pem), host);
}

TEST_F(TokenRulesTest, UnknownUsedAndExpiredTokensAreRefusedAlike) {
    const std::string secret = token();
    const std::int64_t late = now_unix_ms() + 7'200'000;
    const auto expired = enrol_now(ask(secret, key_), late);
    const auto unknown = enrol_now(ask("eke_nonsense", key_));
    EXPECT_EQ(expired.error().code, Errc::denied);
    EXPECT_EQ(unknown.error().what, expired.error().what);
}

TEST_F(TokenRulesTest, ATakenNameGetsASuffix) {
    const auto enrolled = enrol_now(ask(token(), key_, "web1"));
    ASSERT_TRUE(enrolled);
    EXPECT_EQ((*read().hosts().find(enrolled->host))->name, "web1-2");
}

TEST_F(TokenRulesTest, ARetiredHostsKeyBecomesANewHostWithANewToken) {
    const auto first = enrol_now(ask(token(), key_));
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(hosts::retire(edit, first->host));
        return {};
    });
    // Its name is kept from others, and not from the machine itself.
    const auto other = enrol_now(ask(token(), *crypto::make_key()));
    ASSERT_TRUE(other);
    EXPECT_EQ((*read().hosts().find(other->host))->name, "db1-2");
    const auto second = enrol_now(ask(token(), key_));
    ASSERT_TRUE(second);
    EXPECT_NE(first->host, second->host);
    EXPECT_EQ((*read().hosts().find(second->host))->name, "db1");
}

TEST_F(TokenRulesTest, ATokenThatReplacesRetiresTheIdentityBeforeAndKeepsTheHost) {
    const auto first = enrol_now(ask(token(), key_));
    ASSERT_TRUE(first);
    const crypto::Secret other = *crypto::make_key();
    const std::string secret = token(1, first->host);
    const auto second = enrol_now(ask(secret, other, "new-machine"));
    ASSERT_TRUE(second) << second.error().what;
    EXPECT_EQ(second->host, first->host);
    EXPECT_TRUE(second->replaces);
    const auto host = *read().hosts().find(first->host);
    EXPECT_EQ(host->name, "db1");
    EXPECT_FALSE(host->retired());
    // The new key is the host, the one before is not, and neither is its certificate.
    const auto key_of = [](const crypto::Secret& key) {
        return *crypto::request_key_fingerprint(*crypto::make_request(key, "x"));
    };
    EXPECT_EQ(identify(read(), key_of(other))->host, first->host);
    EXPECT_EQ(identify(read(), key_of(key_)).error().code, Errc::denied);
    std::vector<std::string> certificates;
    ASSERT_TRUE(
        read().hosts().each_certificate([&](std::string_view fingerprint, std::string_view id) {
            if (id == first->host) certificates.emplace_back(fingerprint);
        }));
    EXPECT_EQ(certificates, std::vector<std::string>{second->certificate.fingerprint});
    // A lost answer costs nothing.
    const auto again = enrol_now(ask(secret, other, "new-machine"));
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_FALSE(again->fresh);
    // The former key gets in again only as another host, with a token of its own.
    const auto former = enrol_now(ask(token(), key_));
    ASSERT_TRUE(former) << former.error().what;
    EXPECT_NE(former->host, first->host);
}

TEST_F(TokenRulesTest, AKeyThatIsAnotherHostReplacesNone) {
    const auto first = enrol_now(ask(token(), key_));
    const crypto::Secret other = *crypto::make_key();
    const auto second = enrol_now(ask(token(), other, "db2"));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(enrol_now(ask(token(1, first->host), other)).error().code, Errc::conflict);
    EXPECT_EQ(
        identify(read(), *crypto::request_key_fingerprint(*crypto::make_request(key_, "x")))->host,
        first->host);
}

TEST_F(TokenRulesTest, AKeyThatNeverWasAHostIsNotFound) {
    EXPECT_EQ(identify(read(), std::string(64, 'a')).error().code, Errc::not_found);
}

}  // namespace
}  // namespace evenkeel::enrolment
