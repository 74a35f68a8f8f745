#pragma once

#include <set>
#include <string>

#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {

using Names = std::set<std::string>;

inline constexpr const char* kMotd = R"({"resources": [{"collection": "files", "id": "/etc/motd",
                              "description": {"content": "{{text}}"}}]})";
inline constexpr const char* kProtected = R"({"protected": true})";

// web1 has what `motd` says in environment prod/eu; prod is protected.
class ProtectionTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        ASSERT_TRUE(done(
            {.changes = {{ModelKind::environment, "prod", json::Object{}},
                         {ModelKind::environment, "prod/eu", json::Object{}},
                         {ModelKind::environment, "stage", json::Object{}},
                         {ModelKind::application, "motd", *json::parse(kMotd)},
                         {ModelKind::setting, "global text", value("hi")},
                         {ModelKind::assignment, "motd", json::Object{{"application", "motd"}}}},
             .hosts = {{host_, {.name = {}, .environment = "prod/eu", .labels = {}}}}}));
        release();
        settle();
        ASSERT_TRUE(done(put(ModelKind::environment, "prod", kProtected)));
    }
    static json::Value value(const char* text) { return json::Object{{"value", text}}; }
    EditAnswer answer_to(EditRequest request) {
        auto answer = edit(std::move(request));
        EXPECT_TRUE(answer) << answer.error().what;
        EXPECT_TRUE(answer && answer->wrong.empty());
        return answer.value_or(EditAnswer());
    }
    bool done(EditRequest request) {
        const EditAnswer answer = answer_to(std::move(request));
        return answer.trial && answer.refusal == Refusal::none;
    }
    // Because of which the edit was refused.
    Names refused_for(EditRequest request) {
        const auto before = planner_->model()->revision();
        const EditAnswer answer = answer_to(std::move(request));
        EXPECT_EQ(planner_->model()->revision(), before);
        return answer.refusal == Refusal::plan_required ? answer.trial->protected_environments
                                                        : Names();
    }
    // The request as a plan that was made of it.
    EditRequest planned(EditRequest request, bool is_approved) {
        request.is_dry_run = true;
        const EditAnswer answer = answer_to(request);
        request.is_dry_run = false;
        request.planned = {answer.trial ? answer.trial->hash : "", is_approved};
        return request;
    }
    std::string environment_of_host() { return (*read().hosts().find(host_))->environment; }
};

}  // namespace evenkeel::plans
