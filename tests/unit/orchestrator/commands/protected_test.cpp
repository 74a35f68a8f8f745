#include "orchestrator/commands/describe.hpp"
#include "orchestrator/state/model_objects.hpp"
#include "orchestrator/state/protected_hosts.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::commands {
namespace {

// web1 is in environment prod/eu.
class ProtectedTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        change([&](state::Edit& edit) -> Result<void> {
            auto host = EK_TRY(edit.hosts().find(host_));
            host->environment = "prod/eu";
            return edit.hosts().put(*host);
        });
    }
    void protect(const std::string& environment) {
        change([&](state::Edit& edit) -> Result<void> {
            return edit.model_objects().put(state::ModelKind::environment, environment,
                                            {.revision = EK_TRY(edit.next_revision()),
                                             .body = json::Object{{"protected", true}}});
        });
    }
    Requester by(Authority authority, bool is_approved = false) {
        return {.host = host_,
                .request_id = "r",
                .authority = authority,
                .is_approved = is_approved,
                .on_protected = [this](const std::string& name) { told_ = name; }};
    }
    bool put(const Requester& requester, const char* id = "/a") {
        DescriptionRequest request;
        request.ref = {"files", id};
        request.description = json::Object{{"content", "1"}};
        request.schema = schema_;
        return try_change([&](state::Edit& edit) -> Result<void> {
                   told_.clear();
                   EK_CHECK(describe(edit, protector_, requester, {request}));
                   return {};
               })
            .has_value();
    }
    bool does_away(const Requester& requester, bool removes) {
        return try_change([&](state::Edit& edit) -> Result<void> {
                   told_.clear();
                   const wire::Ref ref{"files", "/a"};
                   EK_CHECK(removes ? remove(edit, protector_, requester, ref)
                                    : forget(edit, requester, ref));
                   return {};
               })
            .has_value();
    }

    std::string told_;
};

TEST_F(ProtectedTest, AHostIsProtectedByTheOutermostEnvironmentAboveIt) {
    EXPECT_EQ(*state::protecting_host(read(), host_), "");
    protect("pro");
    protect("prod/eu/west");
    EXPECT_EQ(*state::protecting_host(read(), host_), "");
    protect("prod/eu");
    EXPECT_EQ(*state::protecting_host(read(), host_), "prod/eu");
    protect("prod");
    EXPECT_EQ(*state::protecting_host(read(), host_), "prod");
    EXPECT_EQ(*state::protecting_host(read(), "host_gone"), "");
}

TEST_F(ProtectedTest, DirectRequestsAreRefusedAndTellWhy) {
    ASSERT_TRUE(put(by(Authority::direct)));
    protect("prod");
    for (const Authority authority : {Authority::direct, Authority::overriding}) {
        EXPECT_FALSE(put(by(authority), "/b"));
        EXPECT_EQ(std::exchange(told_, ""), "prod");
        for (const bool removes : {true, false}) {
            EXPECT_FALSE(does_away(by(authority), removes));
            EXPECT_EQ(std::exchange(told_, ""), "prod");
        }
    }
    EXPECT_FALSE(resource("/b"));
    EXPECT_FALSE(resource("/a")->removing);
}

TEST_F(ProtectedTest, WhatIsApprovedOrCompiledIsDone) {
    protect("prod");
    EXPECT_TRUE(put(by(Authority::direct, true)));
    EXPECT_TRUE(put(by(Authority::compiled), "/b"));
    EXPECT_TRUE(does_away(by(Authority::direct, true), false));
    EXPECT_FALSE(resource("/a"));
    EXPECT_EQ(told_, "");
}

TEST_F(ProtectedTest, AnActionChangesNoDescription) {
    protect("prod");
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(invoke(edit, protector_, by(Authority::direct), {"files", "/a"}, "restart", {}));
        return {};
    });
}

}  // namespace
}  // namespace evenkeel::commands
