#include "orchestrator/api/description_requests.hpp"
#include "orchestrator/api/page_work.hpp"
#include "orchestrator/api/waiters.hpp"
#include "orchestrator/config.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/hosts.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::api {
namespace {

const Fields kFields = {{.name = "n"}};

class PagesTest : public test::StateTest {
  protected:
    http::Request context(std::map<std::string, std::string, std::less<>> query) {
        http::Request request;
        request.target = "/v1/things";
        request.query = std::move(query);
        return request;
    }
    void SetUp() override {
        StateTest::SetUp();
        for (const char* id : {"aaa", "zzz"}) {
            change([&](state::Edit& edit) {
                return edit.enrolment_tokens().put(
                    {.id = id, .hash = "h", .name = "", .created_at = "", .replaces = ""});
            });
        }
    }
    static ApiResult<std::optional<json::Value>> show(const state::Entry& entry) {
        return json::Value(entry.position());
    }
    // A page of ids: aaa and zzz.
    ReplyResult page(const http::Request& request, const std::string& stream = "stream_1") {
        const auto view = read();
        PageWork work =
            EK_API_TRY(PageWork::begin(view, Pages(protector_, stream, kFields), request,
                                       {.list = view.enrolment_tokens().list(),
                                        .make_for = [](const state::View&) { return show; }}));
        EXPECT_TRUE(EK_API_TRY(work.read_on(view, UINT64_MAX)));
        return work.reply();
    }
    std::string next_of(const http::Reply& reply) {
        return json::parse(reply.body)->string_or("next");
    }
};

TEST_F(PagesTest, ACursorLeadsOnAndIsBoundToListFilterAndSignature) {
    const auto first = page(context({{"limit", "1"}}));
    ASSERT_TRUE(first);
    const std::string cursor = next_of(*first);
    const auto second = page(context({{"limit", "1"}, {"cursor", cursor}}));
    ASSERT_TRUE(second);
    EXPECT_EQ(json::parse(second->body)->find("items")->as_array()[0], json::Value("zzz"));
    EXPECT_EQ(next_of(*second), "");
    const auto other = page(context({{"limit", "1"}, {"cursor", cursor}, {"host", "x"}}));
    EXPECT_EQ(other.error().code, http::Code::bad_cursor);
    std::string forged = cursor;
    forged.front() = forged.front() == '7' ? '6' : '7';
    EXPECT_EQ(page(context({{"cursor", forged}})).error().code, http::Code::bad_cursor);
}

TEST_F(PagesTest, ACursorOfAnOlderStreamIsGone) {
    const std::string cursor = next_of(*page(context({{"limit", "1"}})));
    EXPECT_EQ(page(context({{"cursor", cursor}}), "stream_2").error().code, http::Code::gone);
}

TEST_F(PagesTest, TheLimitIsAtMostAThousandAndAtLeastOne) {
    const Pages pages(protector_, "s", kFields);
    const auto view = read();
    const auto limit = [&](const char* text) {
        return pages.read(view, context({{"limit", text}}));
    };
    EXPECT_EQ(pages.read(view, context({}))->limit, 100U);
    EXPECT_EQ(limit("1000")->limit, 1000U);
    EXPECT_EQ(limit("1001").error().code, http::Code::invalid_parameter);
    EXPECT_EQ(limit("99999999999999999999").error().code, http::Code::invalid_parameter);
    EXPECT_EQ(limit("0").error().code, http::Code::invalid_parameter);
    EXPECT_EQ(limit("-1").error().code, http::Code::invalid_parameter);
}

using WaitersTest = test::StateTest;

TEST_F(WaitersTest, AWaiterIsToldOnceWhenItsCommandEnds) {
    Waiters waiters(loop_, *state_);
    state::Command command;
    command.id = "cmd_1";
    command.host = host_;
    command.seq = 1;
    change([&](state::Edit& edit) { return edit.commands().add(command); });
    std::vector<state::CommandState> told;
    const auto note = [&](const state::Command& now) { told.push_back(now.state); };
    waiters.wait(command, std::chrono::seconds(30), note);
    waiters.wait(command, std::chrono::milliseconds(1), note);
    loop_.run_until([&] { return !told.empty(); }, test::kPatience);
    EXPECT_EQ(told, (std::vector{state::CommandState::queued}));
    command.state = state::CommandState::succeeded;
    change([&](state::Edit& edit) { return edit.commands().put(command); });
    loop_.run_ready();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1], state::CommandState::succeeded);
}

TEST(Config, NamesTheKeyThatIsWrong) {
    EXPECT_EQ(parse_config(R"({"colour":1})").error().what, "unknown key \"colour\"");
    EXPECT_EQ(parse_config(R"({"rest":{"tls":{"cert":""}}})").error().what,
              "unknown key \"rest.tls.cert\"");
    EXPECT_NE(parse_config(R"({"bus":{"heartbeat":"0s"}})").error().what.find("bus.heartbeat"),
              std::string::npos);
    EXPECT_NE(parse_config(R"({"bus":{"listen":"::1:5671"}})").error().what.find("bus.listen"),
              std::string::npos);
    const auto rate = [](const std::string& limit) {
        return parse_config(R"({"rest":{"rate_limit":{)" + limit + "}}}").error().what;
    };
    EXPECT_EQ(rate(R"("per_second":"100")"),
              "rest.rate_limit.per_second is text, not a number from 0 to 1000000: leave out the "
              "quotes");
    EXPECT_EQ(rate(R"("per_second":-1)"),
              "rest.rate_limit.per_second is not a number from 0 to 1000000");
    EXPECT_EQ(rate(R"("burst":1.5)"),
              "rest.rate_limit.burst is not a whole number from 1 to 1000000");
    const auto plain = parse_config(R"({"rest":{"listen":"0.0.0.0:7780"}})");
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().what.find("rest.listen: plain HTTP"), 0U) << plain.error().what;
    const auto config = parse_config(R"({"bus":{"listen":"[::1]:0"},"log":{"level":"debug"}})");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->bus.host, "::1");
    EXPECT_EQ(config->rest, "127.0.0.1:7780");
}

}  // namespace
}  // namespace evenkeel::api
