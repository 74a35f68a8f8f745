#include <gtest/gtest.h>

#include "core/agent/model/catalog.hpp"
#include "core/agent/model/records.hpp"
#include "core/agent/uplink/enrol.hpp"
#include "core/agent/uplink/fit.hpp"
#include "core/agent/work/flap_limit.hpp"
#include "core/agent/work/job.hpp"
#include "core/agent/work/job_queue.hpp"
#include "core/agent/work/secrets.hpp"
#include "tests/unit/core/temp_folder.hpp"

// The small rules that are pure functions or pure state.
namespace evenkeel::agent {
namespace {

using std::chrono::milliseconds;
using Ids = std::vector<std::string>;

TEST(FlapLimit, FirstRepairsDoNotWaitLaterOnesDo) {
    FlapLimit flap(
        {.at_once = 2, .most = 10, .window = milliseconds(1000), .rest = milliseconds(1)});
    EXPECT_EQ(flap.next(0)->count(), 0);
    EXPECT_EQ(flap.next(1)->count(), 0);
    EXPECT_GT(flap.next(2)->count(), 0);
    EXPECT_GT(flap.next(3)->count(), flap.next(2)->count() / 2);
}

TEST(FlapLimit, GivesUpForAWhileAndBeginsAnew) {
    FlapLimit flap(
        {.at_once = 5, .most = 2, .window = milliseconds(1000), .rest = milliseconds(500)});
    EXPECT_TRUE(flap.next(0));
    EXPECT_TRUE(flap.next(1));
    EXPECT_FALSE(flap.next(2));
    EXPECT_TRUE(flap.resting(400));
    EXPECT_FALSE(flap.next(400));
    EXPECT_FALSE(flap.resting(600));
    EXPECT_TRUE(flap.next(600));
}

TEST(FlapLimit, OldRepairsDoNotCount) {
    FlapLimit flap({.at_once = 5, .most = 2, .window = milliseconds(100), .rest = milliseconds(1)});
    for (int at = 0; at < 1000; at += 60) EXPECT_TRUE(flap.next(at)) << at;
}

TEST(JobQueue, OrderHoldsWithinACollectionOnly) {
    JobQueue queue;
    queue.add("one", {"files"});
    queue.add("two", {"files"});
    queue.add("three", {"users"});
    EXPECT_EQ(queue.take_ready(), (Ids{"one", "three"}));
    EXPECT_EQ(queue.take_ready(), Ids{});
    queue.remove("one");
    EXPECT_EQ(queue.take_ready(), Ids{"two"});
}

TEST(JobQueue, AJobOfSeveralCollectionsWaitsForAllAndHoldsThem) {
    JobQueue queue;
    queue.add("users", {"users"});
    queue.add("both", {"files", "users"});
    queue.add("files", {"files"});
    EXPECT_EQ(queue.take_ready(), Ids{"users"});
    queue.remove("users");
    EXPECT_EQ(queue.take_ready(), Ids{"both"});
    queue.remove("both");
    EXPECT_EQ(queue.take_ready(), Ids{"files"});
}

TEST(JobQueue, AWaitingJobCanBeTakenOut) {
    JobQueue queue;
    queue.add("one", {"files"});
    queue.add("two", {"files"});
    queue.add("three", {"files"});
    queue.take_ready();
    queue.remove("two");
    queue.remove("one");
    EXPECT_EQ(queue.take_ready(), Ids{"three"});
}

TEST(Superseded, OnlyByAHigherRevisionOfTheSameStream) {
    const wire::Generation held{"s", 5};
    EXPECT_TRUE(is_superseded({"s", 4}, &held));
    EXPECT_FALSE(is_superseded({"s", 5}, &held));
    EXPECT_FALSE(is_superseded({"t", 4}, &held));
    EXPECT_FALSE(is_superseded({}, &held));
    EXPECT_FALSE(is_superseded({"s", 4}, nullptr));
}

Step step_with(wire::Outcome outcome, std::optional<Error> error = std::nullopt) {
    Step step;
    step.done.outcome = outcome;
    step.done.error = std::move(error);
    return step;
}

TEST(EndState, OneFailureFailsTheJobAndOnlyAllSupersededIsSuperseded) {
    const Error older{Errc::conflict, "superseded"};
    Job job;
    job.steps = {step_with(wire::Outcome::done), step_with(wire::Outcome::planned)};
    EXPECT_EQ(end_state(job), "succeeded");
    job.steps.push_back(step_with(wire::Outcome::skipped, older));
    job.steps.back().superseded = true;
    EXPECT_EQ(end_state(job), "succeeded");
    job.steps.push_back(step_with(wire::Outcome::failed, Error{}));
    EXPECT_EQ(end_state(job), "failed");
    job.steps = {step_with(wire::Outcome::skipped, older)};
    job.steps.back().superseded = true;
    EXPECT_EQ(end_state(job), "superseded");
    job.steps.front().superseded = false;
    job.steps.front().root = {"notes", "one"};
    EXPECT_EQ(end_state(job), "failed");
    job.is_cancelled = true;
    EXPECT_EQ(end_state(job), "cancelled");
}

TEST(Fit, CutsDiffsThenStatesThenChanges) {
    const std::string big(1000, 'x');
    const json::Value whole = json::Object{
        {"resources",
         json::Array{json::Object{
             {"changes", json::Array{json::Object{{"path", "/content"},
                                                  {"after", json::Object{{"diff", big}}}}}},
             {"state", json::Object{{"note", big}}}}}}};
    json::Value data = whole;
    fit(data, 100'000);
    EXPECT_EQ(data, whole);
    fit(data, 1500);
    const json::Value& entry = data["resources"].as_array()[0];
    EXPECT_TRUE(data.bool_or("truncated"));
    EXPECT_EQ(entry["changes"].as_array()[0]["after"].find("diff"), nullptr);
    EXPECT_TRUE(entry["state"].is_object());
    fit(data, 200);
    EXPECT_TRUE(data["resources"].as_array()[0]["state"].is_null());
    EXPECT_EQ(data["resources"].as_array()[0]["changes"].as_array().size(), 1U);
    fit(data, 20);
    EXPECT_TRUE(data["resources"].as_array()[0]["changes"].as_array().empty());
}

TEST(Records, EnsureIsPresentAbsentOrAnError) {
    EXPECT_FALSE(*requests_absence(json::Object{}));
    EXPECT_FALSE(*requests_absence(json::Object{{"ensure", "present"}}));
    EXPECT_TRUE(*requests_absence(json::Object{{"ensure", "absent"}}));
    EXPECT_FALSE(requests_absence(json::Object{{"ensure", "gone"}}));
    EXPECT_FALSE(requests_absence(json::Object{{"ensure", nullptr}}));
}

TEST(Secrets, AreShownAsFingerprintsAndKeptWhenSentBack) {
    test::TempFolder folder;
    const auto sealer = crypto::Sealer::open(folder / "key", crypto::Sealer::Missing::create);
    ASSERT_TRUE(sealer);
    const auto schema = schema::Schema::compile(R"({"type":"object","properties":{
        "password":{"type":"string","x-ek-sensitive":true},
        "content":{"type":"string","writeOnly":true,"x-ek-compare":"digest"},
        "sensitive":{"type":"boolean"}}})");
    ASSERT_TRUE(schema) << schema.error().what;
    const json::Value body =
        json::Object{{"password", "hunter2"}, {"content", "key"}, {"sensitive", true}};
    const json::Value shown = redact(body, *schema, *sealer);
    EXPECT_EQ(json::write(shown).find("hunter2"), std::string::npos);
    EXPECT_EQ(json::write(shown).find("\"key\""), std::string::npos);
    EXPECT_TRUE(shown["password"]["redacted"].is_string());
    EXPECT_EQ(*keep_secrets(shown, &body), body);
    EXPECT_FALSE(keep_secrets(shown, nullptr));
    const json::Value open = json::Object{{"content", "plain"}};
    EXPECT_EQ(redact(open, *schema, *sealer), open);
}

TEST(Address, HostPortAndBothFamiliesAreRead) {
    std::string host;
    std::uint16_t port = 5673;
    ASSERT_TRUE(split_address("orch.example", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "orch.example 5673");
    ASSERT_TRUE(split_address("[fd00::1]:99", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "fd00::1 99");
    ASSERT_TRUE(split_address("fd00::2", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "fd00::2 99");
    ASSERT_TRUE(split_address("10.0.0.1:1234", host, port));
    EXPECT_EQ(host + " " + std::to_string(port), "10.0.0.1 1234");
    for (const char* wrong : {"", ":1", "h:", "h:0", "h:65536", "h:x", "[::1", "[::1]x"}) {
        EXPECT_FALSE(split_address(wrong, host, port)) << wrong;
    }
}

}  // namespace
}  // namespace evenkeel::agent
