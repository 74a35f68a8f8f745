#include <thread>

#include "orchestrator/plans/kept_plan.hpp"
#include "orchestrator/plans/live_answers.hpp"
#include "orchestrator/plans/read_edits.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {
namespace {

constexpr const char* kPlan = "plan_1";

Group group_of(std::vector<std::string> hosts) {
    return {hosts.size(), std::move(hosts), {}};
}

std::vector<std::string> names_of(const std::vector<PlannedHost>& hosts) {
    std::vector<std::string> names;
    for (const PlannedHost& host : hosts) names.push_back(host.name);
    return names;
}

TEST(AskingOrder, EachGroupIsAskedBeforeASecondHostOfAny) {
    Trial trial;
    for (const char* name : {"a", "b", "c", "d", "e"}) trial.changed.push_back({name, name});
    trial.groups.groups = {group_of({"a", "b", "c"}), group_of({"a", "b"}), group_of({"d"})};
    EXPECT_EQ(names_of(asking_order(trial)), (std::vector<std::string>{"a", "d", "b", "c", "e"}));
}

TEST(AskingOrder, WhoDoesNotCompileIsNotAsked) {
    Trial trial;
    trial.planned = {"a", "b"};
    trial.changed = {{"b", "b"}};
    EXPECT_EQ(names_of(asking_order(trial)), std::vector<std::string>{"b"});
}

class LiveTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        report_schema();
    }

    // What the edit comes to, with what the host is asked for it.
    LiveHost asked(EditRequest request) {
        request.is_dry_run = true;
        trial_ = edit(request)->trial;
        content_ = content_of(*trial_);
        const auto view = read();
        const auto edits = read_edits(request, *planner_->model(), view, protector_);
        EXPECT_TRUE(edits && edits->wrong.empty());
        std::vector<LiveHost> hosts{{{host_, "web1"}}};
        const std::atomic<bool> stops{false};
        EXPECT_TRUE(make_questions(view, protector_, schemas_, edits->edits, hosts, stops));
        return std::move(hosts.front());
    }
    static EditRequest both(const char* application) {
        return {
            .changes = {{ModelKind::application, "web", *json::parse(application)},
                        {ModelKind::assignment, "web", *json::parse(R"({"application": "web"})")}}};
    }
    static json::Value answer(const char* resources) {
        return json::Object{{"resources", *json::parse(resources)}};
    }
    state::HostAnswers answered(std::vector<LiveHost> hosts) {
        return put_answers(*trial_, kPlan, protector_, std::move(hosts), {}, 0, content_);
    }
    json::Value live_of_group() const {
        return content_.groups.at(0)["resources"].as_array().at(0)["live"];
    }

    std::shared_ptr<const Trial> trial_;
    state::PlanContent content_;
};

constexpr const char* kOneFile = R"({"resources": [{"collection": "files", "id": "/etc/a",
    "policy": "enforce", "description": {"content": "x", "mode": "0644"}}]})";

TEST_F(LiveTest, AHostIsAskedExactlyWhatThePlanWouldDoThere) {
    const LiveHost host = asked(both(kOneFile));
    ASSERT_EQ(host.requests.size(), 1U);
    const wire::Request& request = host.requests.front();
    EXPECT_EQ(request.verb, wire::RequestVerb::plan);
    EXPECT_EQ(request.arguments.string_or("verb"), "apply");
    const json::Value& entry = request.arguments["resources"].as_array().at(0);
    EXPECT_EQ(entry.string_or("id"), "/etc/a");
    EXPECT_EQ(entry.string_or("policy"), "enforce");
    EXPECT_EQ(entry["description"].string_or("content"), "x");
}

TEST_F(LiveTest, WhatWouldGoIsAskedApartAndWhatIsForgottenIsNot) {
    ASSERT_TRUE(edit(both(R"({"resources": [
        {"collection": "files", "id": "/etc/a", "description": {}, "on_leave": "remove"},
        {"collection": "files", "id": "/etc/b", "description": {}}]})")));
    release();
    const LiveHost host = asked({.changes = {{ModelKind::assignment, "web", {}}}});
    ASSERT_EQ(host.requests.size(), 1U);
    EXPECT_EQ(host.requests.front().arguments.string_or("verb"), "remove");
    const auto& resources = host.requests.front().arguments["resources"].as_array();
    ASSERT_EQ(resources.size(), 1U);
    EXPECT_EQ(resources.at(0).string_or("id"), "/etc/a");
    EXPECT_EQ(host.changes.size(), 2U);
}

TEST_F(LiveTest, WhatIsTooLargeForOneMessageIsAskedInParts) {
    std::string resources;
    for (int i = 0; i < 3; ++i) {
        resources += std::string(i ? "," : "") + R"({"collection": "files", "id": "/etc/)" +
                     std::to_string(i) + R"(", "description": {"content": ")" +
                     std::string(335 << 10, 'x') + "\"}}";
    }
    const LiveHost host = asked(both(("{\"resources\": [" + resources + "]}").c_str()));
    EXPECT_EQ(host.requests.size(), 3U);
}

TEST_F(LiveTest, HostsThatSayTheSameAreOneAndWhatFailsComesFirst) {
    LiveHost one = asked(both(kOneFile));
    LiveHost two = one, three = one;
    two.host = {"host_2", "web2"};
    three.host = {"host_3", "web3"};
    const json::Value made = answer(R"([{"collection": "files", "id": "/etc/a",
        "outcome": "planned", "changes": [{"path": "/content", "before": null,
        "after": {"diff": "+x", "sha256": "s"}, "action": "set", "outcome": "planned"}]}])");
    one.replies = {made};
    two.replies = {made};
    three.replies = {answer(R"([{"collection": "files", "id": "/etc/a", "outcome": "failed",
        "error": {"code": "invalid", "detail": "no such folder"}}])")};
    const auto rest = answered({std::move(two), std::move(three), std::move(one)});
    const json::Value live = live_of_group();
    ASSERT_EQ(live.as_array().size(), 2U) << json::write(live);
    EXPECT_EQ(live.as_array()[0]["error"].string_or("detail"), "no such folder");
    EXPECT_EQ(json::write(live.as_array()[0]["hosts"]), R"(["web3"])");
    EXPECT_EQ(json::write(live.as_array()[1]["hosts"]), R"(["web1","web2"])");
    EXPECT_EQ(live.as_array()[1].integer_or("count"), 2);
    EXPECT_EQ(json::write(live).find("+x"), std::string::npos) << json::write(live);
    EXPECT_EQ(rest.live.integer_or("answered"), 3);
    EXPECT_TRUE(content_.unasked.empty());
}

TEST_F(LiveTest, WhoGivesNoAnswerThatCanBeReadIsToldWithTheReason) {
    LiveHost one = asked(both(kOneFile));
    LiveHost two = one;
    one.replies = {answer(R"([{"collection": 7}])")};
    two.host = {"host_2", "a"};
    two.unasked = Unasked{"timeout", "no answer"};
    const auto rest = answered({std::move(one), std::move(two)});
    ASSERT_EQ(content_.unasked.size(), 2U);
    EXPECT_EQ(content_.unasked[0].string_or("host") + content_.unasked[0].string_or("code"),
              "atimeout");
    EXPECT_EQ(content_.unasked[1].string_or("code"), "internal");
    EXPECT_TRUE(rest.answers.empty());
    EXPECT_TRUE(live_of_group().is_null());
}

TEST_F(LiveTest, WhatIsKeptIsSealedBoundedAndShownBesideTheHost) {
    LiveHost one = asked(both(kOneFile));
    json::Array changes;
    for (int i = 0; i < 200; ++i) {
        changes.push_back(json::Object{{"path", "/" + std::to_string(i)},
                                       {"before", std::string(40 << 10, 'b')},
                                       {"after", json::Object{{"diff", "+words"}}},
                                       {"action", "set"},
                                       {"outcome", "planned"}});
    }
    one.replies = {
        json::Object{{"resources", json::Array{json::Object{{"collection", "files"},
                                                            {"id", "/etc/a"},
                                                            {"outcome", "planned"},
                                                            {"changes", std::move(changes)}},
                                               json::Object{{"collection", "services"},
                                                            {"id", "web"},
                                                            {"action", "reload"},
                                                            {"outcome", "planned"}}}}}};
    const auto rest = answered({std::move(one)});
    ASSERT_EQ(rest.answers.size(), 1U);
    const auto& [id, sealed] = rest.answers.front();
    EXPECT_EQ(sealed.find("words"), std::string::npos);
    EXPECT_LT(sealed.size(), 2 * kLiveBytesMost);
    EXPECT_LT(json::write(live_of_group()).size(), 2 * kSampleBytesMost);
    const auto shown = [&, &text = sealed](bool has_text) {
        json::Value host =
            *json::parse(R"({"resources": [{"collection": "files", "id": "/etc/a"}]})");
        host.as_object().set("host", host_);
        EXPECT_TRUE(show_answer(protector_, kPlan, text, has_text, host));
        return host;
    };
    const json::Value host = shown(true);
    EXPECT_EQ(host["live"]["actions"].as_array().at(0).string_or("action"), "reload");
    EXPECT_EQ(host["resources"].as_array()[0]["live"].string_or("outcome"), "planned");
    EXPECT_NE(json::write(host).find("+words"), std::string::npos);
    EXPECT_EQ(json::write(shown(false)).find("+words"), std::string::npos);
    json::Value other = host;
    other.as_object().set("host", "host_2");
    EXPECT_FALSE(show_answer(protector_, kPlan, sealed, true, other));
}

TEST_F(LiveTest, WhatIsLongIsReadOnThePlannersThread) {
    const auto loop_thread = std::this_thread::get_id();
    std::thread::id reading, tried;
    EditRequest request;
    request.is_dry_run = true;
    request.read = [&](const state::View&, EditRequest& asked) -> Result<void> {
        reading = std::this_thread::get_id();
        asked.changes = both(kOneFile).changes;
        return {};
    };
    request.tried = [&](const Trial&) { tried = std::this_thread::get_id(); };
    const auto answer = edit(std::move(request));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->trial->summary.added, 1U);
    EXPECT_NE(reading, loop_thread);
    EXPECT_EQ(tried, reading);
    request = {};
    request.read = [](const state::View&, EditRequest&) -> Result<void> {
        return fail(Errc::corrupt, "it does not read");
    };
    EXPECT_EQ(edit(std::move(request)).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace evenkeel::plans
