#include "sdk/client/cpp/decode.hpp"

#include <gtest/gtest.h>

#include "sdk/client/cli/change.hpp"

namespace evenkeel::client {
namespace {

json::Value value(std::string_view text) {
    return *json::parse(text);
}

TEST(Decode, KeepsEveryMemberOfAHost) {
    const std::string text = R"({"id":"host_a","name":"web1","labels":{"role":"web","odd":7},)"
                             R"("compliance":{"compliant":2,"drifted":1},"new_member":{"x":[1]}})";
    const Host host = decode_host(value(text));
    EXPECT_EQ(host.name, "web1");
    EXPECT_EQ(host.labels.at("role"), "web");
    EXPECT_EQ(host.labels.at("odd"), "7");
    EXPECT_EQ(host.compliance.compliant, 2);
    EXPECT_EQ(host.compliance.failed, 0);
    EXPECT_EQ(host.json, text);
}

TEST(Decode, ReadsAResourceThatIsAbsentOrNotDescribed) {
    const Resource resource = decode_resource(
        value(R"({"host":"h","collection":"files","id":"/x","description":null,"state":null,)"
              R"("policy":null,"compliance":null})"));
    EXPECT_EQ(resource.state, "null");
    EXPECT_EQ(resource.description, "null");
    EXPECT_EQ(resource.policy, "");
    EXPECT_FALSE(resource.compliance);
}

TEST(Decode, TakesTheLastVerdictAsWordOrObject) {
    for (const char* last : {R"("compliant")", R"({"status":"compliant","fields":[]})"}) {
        const Resource resource = decode_resource(
            value(std::string(R"({"compliance":{"status":"unknown","last":)") + last + "}}"));
        EXPECT_EQ(resource.compliance->last, "compliant");
    }
}

TEST(Decode, ReadsWhatIsMissingOrOfAnotherTypeAsEmpty) {
    const Command command = decode_command(value(R"({"id":null,"state":7,"resources":{}})"));
    EXPECT_EQ(command.id, "");
    EXPECT_EQ(command.state, "");
    EXPECT_TRUE(command.resources.empty());
    EXPECT_FALSE(command.finished());
}

TEST(Decode, FindsTheDiffOfAContentChange) {
    const Command command =
        decode_command(value(R"({"resources":[{"changes":[{"path":"/content","before":null,)"
                             R"("after":{"sha256":"ab","size":1,"diff":"+x\n"}}]}]})"));
    EXPECT_EQ(command.resources.at(0).changes.at(0).diff, "+x\n");
    EXPECT_EQ(command.resources.at(0).changes.at(0).before, "null");
}

TEST(Decode, CountsTheCommandsOfManyHostsAndNamesThoseThatRefused) {
    const std::string text =
        R"({"request_id":"req_1","hosts":4,"commands":{"queued":2,"failed":1},"refused_count":1,)"
        R"("refused":[{"host":"host_d","code":"unknown-collection","detail":"no files"}]})";
    const FleetApplied applied = decode_fleet_applied(value(text));
    EXPECT_EQ(applied.request_id, "req_1");
    EXPECT_EQ(applied.hosts, 4);
    EXPECT_EQ(applied.commands,
              (std::map<std::string, std::int64_t>{{"failed", 1}, {"queued", 2}}));
    EXPECT_EQ(applied.refused_count, 1);
    ASSERT_EQ(applied.refused.size(), 1U);
    EXPECT_EQ(applied.refused[0].host, "host_d");
    EXPECT_EQ(applied.refused[0].reason.code, "unknown-collection");
    EXPECT_EQ(applied.json, text);
}

TEST(Problem, ListsEveryWrongField) {
    const Failure failure = decode_problem(
        400, R"({"code":"invalid-description","detail":"it does not fit","request_id":"req_1",)"
             R"("errors":[{"pointer":"/mode","code":"pattern","detail":"four digits"},)"
             R"({"pointer":"","code":"x","detail":"whole"}]})");
    EXPECT_EQ(failure.kind, Kind::problem);
    EXPECT_EQ(failure.text(),
              "invalid-description: it does not fit; /mode: four digits; /: whole (request req_1)");
}

TEST(Problem, IsABadAnswerWhenItIsNotTheApisOwn) {
    for (const char* body : {"", "<html>", "[]", "{}", R"("text")"}) {
        EXPECT_EQ(decode_problem(502, body).kind, Kind::bad_answer) << body;
    }
}

TEST(Result, ThrowsOnlyWhenAskedForAValueThatIsNotThere) {
    const Result<int> good(7);
    EXPECT_EQ(good.value(), 7);
    const Result<int> bad(Failure{.detail = "no"});
    EXPECT_FALSE(bad);
    EXPECT_THROW(static_cast<void>(bad.value()), Error);
}

constexpr const char* kPlan =
    R"({"id":"plan_1","state":"applied","author":"ada","hash":"h","requires_approval":true,)"
    R"("summary":{"hosts":21,"added":1,"changed":21,"forgotten":0,"removed":2,"errors":1},)"
    R"("groups":[{"count":21,"hosts":["web1","web2"],"resources":[{"collection":"files",)"
    R"("id":"/etc/a","change":"change","paths":["/mode","/content"],"sample":{"host":"web1",)"
    R"("fields":[{"path":"/mode","before":"0644","after":null},{"path":"/content",)"
    R"("omitted":true}]},"live":[{"count":2,"hosts":["web1","web2"],"outcome":"failed",)"
    R"("changes":[],"error":{"code":"invalid","detail":"no"},"notes":[]}]}]}],)"
    R"("more_groups":3,"errors":[{"assignment":"web",)"
    R"("pointer":"/resources/0/id","code":"conflict","detail":"d","count":1,"hosts":["db1"]}],)"
    R"("live":{"asked":3,"answered":2},"unasked":[{"host":"web2","code":"timeout",)"
    R"("detail":"d"}],"more_unasked":1,)"
    R"("progress":{"hosts":21,"waiting":1,"succeeded":18,"failed":1,)"
    R"("unreachable":1}})";

TEST(Decode, ReadsAPlan) {
    const Plan plan = decode_plan(value(kPlan));
    EXPECT_EQ(plan.id + plan.state + plan.author + plan.hash, "plan_1appliedadah");
    EXPECT_TRUE(plan.requires_approval);
    EXPECT_EQ(plan.summary.hosts, 21);
    EXPECT_EQ(plan.summary.removed, 2);
    EXPECT_EQ(plan.groups.at(0).hosts.at(1), "web2");
    const PlannedResource& resource = plan.groups.at(0).resources.at(0);
    EXPECT_EQ(resource.sample_host, "web1");
    EXPECT_EQ(resource.paths.at(1), "/content");
    EXPECT_EQ(resource.fields.at(0).before, "\"0644\"");
    EXPECT_EQ(resource.fields.at(0).after, "null");
    EXPECT_TRUE(resource.fields.at(1).omitted);
    EXPECT_EQ(plan.more_groups, 3);
    EXPECT_EQ(plan.errors.at(0).code, "conflict");
    EXPECT_EQ(plan.errors.at(0).hosts.at(0), "db1");
    const PlanAnswer& answer = resource.live.at(0);
    EXPECT_EQ(answer.hosts.at(1) + answer.said.outcome + answer.said.error->detail, "web2failedno");
    EXPECT_EQ(answer.said.id, "/etc/a");
    EXPECT_EQ(plan.asked - plan.answered, 1);
    EXPECT_EQ(plan.unasked.at(0).host + plan.unasked.at(0).code, "web2timeout");
    EXPECT_EQ(plan.more_unasked, 1);
    EXPECT_EQ(plan.progress->failed, 1);
    EXPECT_EQ(plan.json, kPlan);
}

TEST(Decode, APlanIsFinishedWhenNobodyIsWaitedForOrNothingComesOfIt) {
    EXPECT_FALSE(decode_plan(value(kPlan)).finished());
    EXPECT_FALSE(decode_plan(value(R"({"state":"open"})")).finished());
    EXPECT_TRUE(decode_plan(value(R"({"state":"rejected"})")).finished());
    EXPECT_TRUE(decode_plan(value(R"({"state":"applied","progress":{"waiting":0}})")).finished());
}

TEST(Decode, ReadsWhatAPlanDoesToOneHost) {
    const PlannedHost host = decode_planned_host(
        value(R"({"host":"host_a","name":"web1","resources":[{"collection":"files","id":"/etc/a",)"
              R"("change":"add","paths":[],"fields":[{"path":"","before":null,"after":{}}]}],)"
              R"("errors":[{"assignment":"web","code":"unknown-name","detail":"d"}]})"));
    EXPECT_EQ(host.resources.at(0).fields.at(0).after, "{}");
    EXPECT_EQ(host.errors.at(0).assignment, "web");
}

}  // namespace
}  // namespace evenkeel::client

namespace evenkeel::cli {
namespace {

HostResult ended(const char* state) {
    client::Command command;
    command.state = state;
    return {"h", command, {}};
}
HostResult refused(int status) {
    return {"h", {}, client::Failure{.kind = client::Kind::problem, .status = status}};
}

// Each result on a host of its own.
Exit exit_of_hosts(std::vector<HostResult> results, const ChangeOptions& options = {}) {
    for (std::size_t i = 0; i < results.size(); ++i) results[i].host = "web" + std::to_string(i);
    return exit_of(results, options);
}

TEST(ExitCode, OfOneHostIsItsOwnAndOfSeveralSevenWhenAnyFailed) {
    const auto exit = [](std::vector<HostResult> results) {
        return exit_of_hosts(std::move(results));
    };
    EXPECT_EQ(exit({}), Exit::no_host);
    EXPECT_EQ(exit({ended("succeeded")}), Exit::done);
    EXPECT_EQ(exit({ended("failed")}), Exit::failed);
    EXPECT_EQ(exit({refused(404)}), Exit::not_found);
    EXPECT_EQ(exit({ended("succeeded"), ended("failed")}), Exit::hosts_failed);
    EXPECT_EQ(exit({refused(404), ended("succeeded")}), Exit::hosts_failed);
    EXPECT_EQ(exit({refused(404), refused(404)}), Exit::hosts_failed);
    EXPECT_EQ(exit({ended("failed"), refused(401)}), Exit::unauthenticated);
    EXPECT_EQ(exit({ended("succeeded"), ended("succeeded")}), Exit::done);
}

TEST(ExitCode, OfSeveralCommandsOnOneHostIsThatOfOneThatFailed) {
    EXPECT_EQ(exit_of({ended("succeeded"), refused(404), ended("succeeded")}, {}), Exit::not_found);
}

TEST(ExitCode, OfAHostThatIsNotConnectedIsSeven) {
    HostResult stored = ended("queued");
    stored.offline = true;
    EXPECT_EQ(exit_of({stored}, {}), Exit::hosts_failed);
}

TEST(ExitCode, PendingChangesDoNotHideAHostThatFailed) {
    ChangeOptions options;
    options.dry_run = options.exit_code = true;
    HostResult pending = ended("queued");
    pending.command->resources.emplace_back().changes.emplace_back();
    EXPECT_EQ(exit_of_hosts({pending, pending}, options), Exit::pending);
    EXPECT_EQ(exit_of_hosts({pending, refused(409)}, options), Exit::hosts_failed);
    EXPECT_EQ(exit_of_hosts({refused(409), pending}, options), Exit::hosts_failed);
}

}  // namespace
}  // namespace evenkeel::cli
