#include "orchestrator/plans/wanted.hpp"

#include <condition_variable>
#include <mutex>

#include "orchestrator/plans/model_index.hpp"
#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

namespace evenkeel::plans {
namespace {

const char* const kApplication = R"({
    "resources": [
      {"collection": "files", "id": "/etc/b", "policy": "enforce",
       "description": {"content": "{{text}}", "mode": "0600"},
       "requires": [{"collection": "files", "id": "/etc/a"}]},
      {"collection": "files", "id": "/etc/a", "description": {"content": "open"}}]})";

class WantedTest : public PlannerTest {
  protected:
    void assign(const char* text) {
        const auto answer =
            edit({.changes = {
                      {ModelKind::application, "app", *json::parse(kApplication)},
                      {ModelKind::setting, "global text", *json::parse(text)},
                      {ModelKind::assignment, "all", *json::parse(R"({"application": "app"})")}}});
        ASSERT_TRUE(answer) << answer.error().what;
        ASSERT_TRUE(answer->wrong.empty()) << answer->wrong[0].detail;
    }
    WantedNow wanted() {
        const auto view = read();
        const auto index = planner_->index();
        const std::atomic<bool> stops{false};
        const auto host = view.hosts().find(host_);
        auto found = find_wanted({view, *index, stops}, protector_, schemas_, **host);
        EXPECT_TRUE(found) << found.error().what;
        return found ? *std::move(found) : WantedNow{};
    }
};

TEST_F(WantedTest, ItIsWhatIsCompiledNow) {
    assign(R"({"value": "hi"})");
    report_schema();
    WantedNow now = wanted();
    EXPECT_EQ(now.revision, planner_->model()->revision());
    ASSERT_EQ(now.items.size(), 2U);
    EXPECT_EQ(json::write(now.items[0].shown),
              R"({"collection":"files","id":"/etc/a","description":{"content":"open"},)"
              R"("policy":"report","requires":[],"notifies":[],"owners":[{"assignment":"all",)"
              R"("application":"app","version":1,"on_leave":"forget"}]})");
    EXPECT_EQ(json::write(now.items[1].shown["description"]), R"({"content":"hi","mode":"0600"})");
    EXPECT_EQ(json::write(now.items[1].shown["requires"]),
              R"([{"collection":"files","id":"/etc/a"}])");
    ASSERT_TRUE(edit(put(ModelKind::setting, "global text", R"({"value": "yo"})")));
    now = wanted();
    EXPECT_EQ(now.items[1].shown["description"]["content"], json::Value("yo"));
}

TEST_F(WantedTest, SecretsAreRedacted) {
    assign(R"({"value": "hunter2", "secret": true})");
    report_schema();
    const WantedNow now = wanted();
    const json::Value& description = now.items.at(1).shown["description"];
    EXPECT_TRUE(description["content"].find("redacted")) << json::write(description);
    EXPECT_EQ(description["mode"], json::Value("0600"));
    EXPECT_EQ(description["sensitive"], json::Value(true));
    EXPECT_EQ(now.items.at(0).shown["description"]["content"], json::Value("open"));
}

TEST_F(WantedTest, EveryFieldIsSecretBeforeTheSchemaIsKnown) {
    assign(R"({"value": "hi"})");
    const WantedNow now = wanted();
    const json::Value& description = now.items.at(1).shown["description"];
    EXPECT_TRUE(description["content"].find("redacted")) << json::write(description);
    EXPECT_TRUE(description["mode"].find("redacted"));
    // As the resource is shown that is made of it.
    EXPECT_EQ(description,
              protector_.redacted(*json::parse(R"({"content":"hi","mode":"0600"})"), nullptr));
    EXPECT_EQ(now.items.at(1).shown["policy"], json::Value("enforce"));
}

TEST_F(WantedTest, ErrorsAreThoseOfTheHostAndThenThereAreNoItems) {
    assign(R"({"value": "hi"})");
    EditRequest erase{.changes = {{ModelKind::setting, "global text", {}}}};
    erase.allows_errors = true;
    ASSERT_TRUE(edit(std::move(erase)));
    const WantedNow now = wanted();
    EXPECT_TRUE(now.items.empty());
    ASSERT_EQ(now.errors.size(), 1U);
    EXPECT_EQ(now.errors[0].assignment, "all");
    EXPECT_EQ(now.errors[0].pointer, "/resources/0/description/content");
    EXPECT_EQ(now.errors[0].code, "unknown-name");
}

TEST_F(WantedTest, ARetiredHostShallHaveNothing) {
    assign(R"({"value": "hi"})");
    change_host([](state::Host& host) { host.enrolment = state::EnrolmentState::retired; });
    EXPECT_TRUE(wanted().items.empty());
}

TEST_F(WantedTest, TheReaderAnswersOffTheLoopAndIsBusyWhenTooManyWait) {
    Reader reader(*state_, [this] { return planner_->index(); });
    std::mutex mutex;
    std::condition_variable changed;
    bool may_go = false;
    int answered = 0;
    int cancelled = 0;
    const auto wait = [&](const Result<Moment>& moment) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return may_go; });
        ++(moment ? answered : cancelled);
        if (moment) {
            EXPECT_EQ(moment->index.model().revision(), planner_->model()->revision());
        } else {
            EXPECT_EQ(moment.error().code, Errc::cancelled);
        }
    };
    int taken = 0;
    Result<void> refused;
    while (refused && taken < 1000) {
        refused = reader.read(wait);
        taken += refused ? 1 : 0;
    }
    EXPECT_GE(taken, 100);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::busy);
    {
        const std::lock_guard lock(mutex);
        may_go = true;
    }
    changed.notify_all();
    reader.stop();
    EXPECT_EQ(answered + cancelled, taken);
    EXPECT_EQ(reader.read(wait).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace evenkeel::plans
