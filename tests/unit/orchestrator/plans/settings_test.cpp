#include "tests/unit/orchestrator/plans/planner_fixture.hpp"

// Settings that are set, linked and taken away again, and what a host has after each step.
namespace evenkeel::plans {
namespace {

const char* const kText = R"({"parameters": {"properties": {"text": {"default": "default"}}},
    "resources": [{"collection": "files", "id": "/text",
                   "description": {"content": "{{text}}"}}]})";
const char* const kNames = R"({"resources": [
    {"collection": "files", "id": "/all", "description": {"content": "{{names|join:\" \"}}"}},
    {"collection": "files", "id": "/{{item}}", "for_each": "names", "description": {}}]})";

class SettingsOfHostTest : public PlannerTest {
  protected:
    void SetUp() override {
        PlannerTest::SetUp();
        make(ModelKind::environment, "prod", "{}");
        change_host([](state::Host& host) { host.environment = "prod"; });
    }
    void make(ModelKind kind, const std::string& name, const char* body) {
        const auto answer = edit(put(kind, name, body));
        ASSERT_TRUE(answer) << answer.error().what;
        ASSERT_TRUE(answer->wrong.empty()) << answer->wrong[0].detail;
        ASSERT_EQ(answer->refusal, Refusal::none) << name;
        follow();
    }
    void set(const std::string& place, const char* body) { make(ModelKind::setting, place, body); }
    void erase(const std::string& place) {
        const auto answer = edit({.changes = {{ModelKind::setting, place, {}}}});
        ASSERT_TRUE(answer) << answer.error().what;
        ASSERT_EQ(answer->refusal, Refusal::none) << place;
        follow();
    }
    void assign(const char* application) {
        make(ModelKind::application, "app", application);
        make(ModelKind::assignment, "app",
             (R"({"application": "app", "host": ")" + host_ + R"("})").c_str());
    }
    std::string content(const std::string& path) { return file(path).string_or("content"); }

    std::string own() const { return "host:" + host_ + " "; }

  private:
    // Until the host has what it shall have.
    void follow() {
        release();
        settle();
        release();
    }
};

TEST_F(SettingsOfHostTest, TheLevelsCountInTheirOrderAndBack) {
    assign(kText);
    EXPECT_EQ(content("/text"), "default");
    set("global text", R"({"value": "global"})");
    EXPECT_EQ(content("/text"), "global");
    set("environment:prod text", R"({"value": "environment"})");
    EXPECT_EQ(content("/text"), "environment");
    set(own() + "text", R"({"value": "host"})");
    EXPECT_EQ(content("/text"), "host");
    set("assignment:app text", R"({"value": "assignment"})");
    EXPECT_EQ(content("/text"), "assignment");
    // What is outweighed changes nothing.
    const std::size_t sent = commands().size();
    set("global text", R"({"value": "other"})");
    EXPECT_EQ(commands().size(), sent);

    erase("assignment:app text");
    EXPECT_EQ(content("/text"), "host");
    erase(own() + "text");
    EXPECT_EQ(content("/text"), "environment");
    erase("environment:prod text");
    EXPECT_EQ(content("/text"), "other");
    erase("global text");
    EXPECT_EQ(content("/text"), "default");
}

TEST_F(SettingsOfHostTest, LinksFollowWhereTheyLeadAndFallBackToWhatTheyHave) {
    assign(kText);
    set(own() + "text",
        R"({"link": {"scope": "environment:prod", "key": "middle"}, "value": "own"})");
    EXPECT_EQ(content("/text"), "own");
    set("environment:prod middle",
        R"({"link": {"scope": "global", "key": "end"}, "value": "of the middle"})");
    EXPECT_EQ(content("/text"), "of the middle");
    set("global end", R"({"value": "of the end"})");
    EXPECT_EQ(content("/text"), "of the end");
    set("global end", R"({"value": "changed"})");
    EXPECT_EQ(content("/text"), "changed");
    // A circle counts with the value of the setting whose link closes it.
    const std::string back = R"({"link": {"scope": "host:)" + host_ + R"(", "key": "text"})";
    set("global end", (back + R"(, "value": "closing"})").c_str());
    EXPECT_EQ(content("/text"), "closing");
    erase("global end");
    EXPECT_EQ(content("/text"), "of the middle");
    erase("environment:prod middle");
    EXPECT_EQ(content("/text"), "own");
}

TEST_F(SettingsOfHostTest, ALinkThatWouldLeadNowhereIsRefused) {
    assign(kText);
    set("global end", R"({"value": "of the end"})");
    set(own() + "text", R"({"link": {"scope": "global", "key": "end"}})");
    const auto answer = edit({.changes = {{ModelKind::setting, "global end", {}}}});
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->refusal, Refusal::does_not_compile);
    release();
    EXPECT_EQ(content("/text"), "of the end");
}

TEST_F(SettingsOfHostTest, AListIsReplacedWholeAndWhatIsMadeOfItFollows) {
    set("global names", R"({"value": ["a", "b"]})");
    assign(kNames);
    EXPECT_EQ(content("/all"), "a b");
    EXPECT_TRUE(file("/a").is_object() && file("/b").is_object());
    set("environment:prod names", R"({"value": ["b", "c"]})");
    EXPECT_EQ(content("/all"), "b c");
    EXPECT_TRUE(file("/a").is_null());
    EXPECT_TRUE(file("/b").is_object() && file("/c").is_object());
    set("environment:prod names", R"({"value": []})");
    EXPECT_EQ(content("/all"), "");
    EXPECT_TRUE(file("/b").is_null() && file("/c").is_null());
    erase("environment:prod names");
    EXPECT_EQ(content("/all"), "a b");
    EXPECT_TRUE(file("/a").is_object() && file("/b").is_object());
}

}  // namespace
}  // namespace evenkeel::plans
