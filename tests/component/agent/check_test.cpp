#include "tests/component/agent/bench.hpp"

// The answer to `check` in its two forms: whole, and as lines that are made one piece at a time.
namespace evenkeel::agent::test {
namespace {

constexpr std::size_t kMany = 500;
constexpr std::size_t kPieceMost = 64 << 10;

class Check : public AgentBench {
  protected:
    void SetUp() override { start(); }

    static std::string id(std::size_t number) {
        return std::to_string(10'000 + number) + std::string(250, 'x');
    }

    void describe_many() {
        std::vector<wire::ResourceRequest> many;
        for (std::size_t i = 0; i < kMany; ++i)
            many.push_back(request(id(i), json::Object{{"text", "hi"}}, i + 1));
        command("cmd_1", 1, "apply", many);
        ASSERT_TRUE(until([this] { return !outcome_of("cmd_1").empty(); }));
        ASSERT_EQ(outcome_of("cmd_1"), "succeeded");
        machine->set(id(7), {{"text", "ho"}});
    }

    Lines lines() {
        std::optional<Lines> got;
        agent->requests().answer_local(
            {wire::RequestVerb::check, 60s, json::Object{{"stream", true}}},
            {[](const wire::Reply&) { FAIL() << "answered whole"; },
             [&got](Lines lines) { got = std::move(lines); }});
        EXPECT_TRUE(until([&got] { return got.has_value(); }));
        return got.value_or([] { return std::string(); });
    }

    // Reads the lines that `piece` has; the reply, when it is among them.
    std::optional<wire::Reply> take(const std::string& piece, json::Array& items) {
        EXPECT_TRUE(piece.ends_with('\n'));
        for (std::size_t at = 0; at < piece.size();) {
            const std::size_t end = piece.find('\n', at);
            auto line = decode_local_line(std::string_view(piece).substr(at, end - at));
            if (!line) return wire::Reply{line.error(), {}};
            if (line->reply) return line->reply;
            items.push_back(std::move(line->item));
            at = end + 1;
        }
        return std::nullopt;
    }
};

TEST_F(Check, IsAnsweredInLinesThatSayTheSameAsTheWholeAnswer) {
    describe_many();
    const wire::Reply whole = ask("check", json::Object{});
    const Lines next = lines();
    json::Array items;
    std::optional<wire::Reply> reply;
    std::size_t pieces = 0;
    for (std::string piece = next(); !piece.empty(); piece = next(), ++pieces) {
        EXPECT_FALSE(reply) << "lines come behind the reply";
        EXPECT_LT(piece.size(), kPieceMost);
        reply = take(piece, items);
    }
    EXPECT_GT(pieces, 3U);
    ASSERT_TRUE(reply && !reply->error);
    EXPECT_EQ(json::Value(items), whole.result["resources"]);
    EXPECT_EQ(reply->result, json::Value(json::Object{{"counts", whole.result["counts"]}}));
    EXPECT_EQ(reply->result["counts"]["drifted"], json::Value(1));
    EXPECT_EQ(reply->result["counts"]["compliant"], json::Value(kMany - 1));
}

TEST_F(Check, GoesOnInItsLinesWhereTheyEndedWhateverHasGoneMeanwhile) {
    describe_many();
    const Lines next = lines();
    json::Array items;
    std::optional<wire::Reply> reply = take(next(), items);
    ASSERT_FALSE(reply);
    const std::size_t first = items.size();
    // The one whose line came last, and one that is to come.
    std::vector<wire::ResourceRequest> gone{request(id(first - 1), nullptr, 1'000),
                                            request(id(first + 1), nullptr, 1'001)};
    command("cmd_2", 2, "remove", gone);
    ASSERT_TRUE(until([this] { return outcome_of("cmd_2") == "succeeded"; }));
    while (!reply) reply = take(next(), items);
    EXPECT_EQ(next(), "");
    ASSERT_EQ(items.size(), kMany - 1);
    EXPECT_EQ(items[first]["id"], json::Value(id(first)));
    EXPECT_EQ(items[first + 1]["id"], json::Value(id(first + 2)));
    EXPECT_EQ(reply->result["counts"]["compliant"], json::Value(kMany - 2));
}

}  // namespace
}  // namespace evenkeel::agent::test
