#include "orchestrator/state/rest_fields.hpp"

#include <gtest/gtest.h>

#include "core/schema/schema.hpp"
#include "orchestrator/state/resource.hpp"
#include "orchestrator/state/rest_schemas.hpp"

namespace evenkeel::state::rest {
namespace {

const wire::Ref kRef{"files", "/etc/motd"};
const wire::Generation kGeneration{"stream_a", 7};
const wire::Compliance kDrifted{.status = wire::Verdict::drifted,
                                .reason = "",
                                .fields = {{"/mode", "0644", "0600"}},
                                .since = "2026-11-23T05:36:53.120Z",
                                .seen_by = "event"};
const wire::Compliance kOffline{.status = wire::Verdict::unknown,
                                .reason = "host_offline",
                                .fields = {},
                                .since = "2026-11-23T05:36:53.120Z",
                                .seen_by = ""};
const wire::Change kChange{"/mode", "0600", "0644", wire::Action::replace, wire::Outcome::done};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
        text.replace(at, what.size(), with);
        at += with.size();
    }
}

// Whether `value` is as the schema `name` of the OpenAPI document says.
testing::AssertionResult fits(const json::Value& value, const char* name) {
    std::string definitions = json::write(rest_schemas());
    replace_all(definitions, "#/components/schemas/", "#/$defs/");
    json::Value defs = *json::parse(definitions);
    json::Object whole = defs[name].as_object();
    for (const auto& [other, schema] : rest_schemas()) {
        if (schema.find("allOf")) defs.as_object().erase(other);
    }
    whole.set("$defs", std::move(defs));
    const auto schema = schema::Schema::compile(json::write(std::move(whole)));
    if (!schema) return testing::AssertionFailure() << schema.error().what;
    const auto wrong = schema->validate(value, schema::Mode::state);
    if (wrong.empty()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << wrong[0].pointer << ": " << wrong[0].detail;
}

template <typename T>
json::Value rest_json(const T& shape) {
    return json::encode_shape(shape);
}

template <typename T>
void expect_read_back(const T& shape) {
    const json::Value value = rest_json(shape);
    const auto back = json::decode<T>(value);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(json::write(rest_json(*back)), json::write(value));
}

TEST(RestFields, AHost) {
    Host host;
    host.host.id = "host_1";
    host.host.name = "web1";
    host.host.connection = Connection::online;
    host.host.version = "0.1.0";
    host.host.labels = json::Object{{"role", "web"}};
    host.host.facts = json::Object{{"cpus", 2}};
    host.compliance = {.compliant = 1, .drifted = 2, .unknown = 3, .failed = 4};
    expect_read_back(host);
    EXPECT_TRUE(fits(rest_json(host), "Host"));
    EXPECT_EQ(json::decode<Host>(rest_json(host))->compliance, host.compliance);
    EXPECT_EQ(rest_json(host).string_or("environment"), "default");
    EXPECT_TRUE(rest_json(host)["wanted"].is_null());
    host.wanted = Wanted{.status = WantedStatus::error,
                         .errors = {{"web", "/resources/0", "conflict", "with db"}},
                         .revision = 7};
    expect_read_back(host);
    EXPECT_TRUE(fits(rest_json(host), "Host"));
    EXPECT_EQ(json::write(rest_json(host)["wanted"]),
              R"({"status":"error","errors":[{"assignment":"web","pointer":"/resources/0",)"
              R"("code":"conflict","detail":"with db"}],"revision":7})");
}

TEST(RestFields, ACommandAndADryRun) {
    Command command;
    command.id = "cmd_1";
    command.host = "host_1";
    command.verb = wire::Verb::apply;
    command.state = CommandState::failed;
    command.created_at = "2026-11-23T05:36:53.120Z";
    command.error = Error{Errc::timeout, "late"};
    command.resources.resize(2);
    command.resources[0].ref = kRef;
    command.resources[0].generation = kGeneration;
    command.resources[0].outcome = wire::Outcome::done;
    command.resources[0].changes = {kChange};
    command.resources[1].ref = kRef;
    command.resources[1].error = Error{Errc::conflict, "no"};
    command.resources[1].action = "restart";
    expect_read_back(command);
    EXPECT_TRUE(fits(rest_json(command), "Command"));
    command.id = "";
    EXPECT_TRUE(rest_json(command)["id"].is_null());
    EXPECT_TRUE(fits(rest_json(command), "Command"));
}

TEST(RestFields, AResourceDescribedOrNot) {
    const Resource resource{.host = "host_1",
                            .ref = kRef,
                            .description = json::Object{{"mode", "0644"}},
                            .policy = wire::Policy::enforce,
                            .required = {{"directories", "/etc"}},
                            .notified = {{{"services", "x.service"}, "restart"}},
                            .origin = wire::Origin::orchestrator,
                            .owners = {{.assignment = "web",
                                        .application = "nginx",
                                        .version = 3,
                                        .on_leave = OnLeave::remove}},
                            .overrides = true,
                            .generation = kGeneration,
                            .state = nullptr,
                            .observed_at = "",
                            .compliance = ComplianceView{kOffline, kDrifted}};
    expect_read_back(resource);
    EXPECT_TRUE(fits(rest_json(resource), "Resource"));
    Resource bare;
    bare.host = "host_1";
    bare.ref = kRef;
    bare.state = json::Object{{"mode", "0644"}};
    expect_read_back(bare);
    EXPECT_TRUE(fits(rest_json(bare), "Resource"));
    EXPECT_FALSE(rest_json(bare).find("requires"));
    EXPECT_EQ(rest_json(bare)["owners"], json::Array());
    EXPECT_EQ(rest_json(bare)["overrides"], false);
    EXPECT_FALSE(fits(json::Object{{"host", 5}}, "Resource")) << "the schema says something";
}

TEST(RestFields, AVerdictAndItsCompliance) {
    const ComplianceEntry verdict{.host = "host_1",
                                  .ref = kRef,
                                  .policy = wire::Policy::audit,
                                  .origin = wire::Origin::local,
                                  .generation = {},
                                  .compliance = {kDrifted, {}}};
    expect_read_back(verdict);
    EXPECT_TRUE(fits(rest_json(verdict), "Verdict"));
    expect_read_back(verdict.compliance);
    EXPECT_TRUE(fits(rest_json(verdict.compliance), "Compliance"));
}

TEST(RestFields, AnEnrolment) {
    Enrolment shown;
    shown.id = "enrolment_ab";
    shown.enrolment.state = EnrolmentState::quarantined;
    shown.enrolment.name = "web1";
    shown.enrolment.fingerprint = "ab";
    shown.enrolment.version = "0.1.0";
    shown.enrolment.address = "192.0.2.1";
    shown.enrolment.announced_at = "2026-11-23T05:36:53.120Z";
    expect_read_back(shown);
    EXPECT_TRUE(fits(rest_json(shown), "Enrolment"));
    EXPECT_TRUE(rest_json(shown)["host"].is_null());
}

TEST(RestFields, ACollectionWithOrWithoutItsSchema) {
    Collection collection;
    collection.host = "host_1";
    collection.reported = {.name = "files",
                           .plugin = "files",
                           .schema_sha256 = "ab",
                           .schema_version = 3,
                           .actions = json::Array{"touch"}};
    EXPECT_TRUE(fits(rest_json(collection), "Collection"));
    EXPECT_FALSE(rest_json(collection).find("schema"));
    collection.schema = json::Value();
    ASSERT_TRUE(rest_json(collection).find("schema"));
    EXPECT_TRUE(rest_json(collection)["schema"].is_null());
    EXPECT_TRUE(fits(rest_json(collection), "Collection"));
}

TEST(RestFields, TokensAndOnceTheirSecrets) {
    TokenMade made;
    made.token.id = "token_1";
    made.token.hash = "never shown";
    made.token.role = Role::operation;
    made.secret = "ekt_x";
    EXPECT_TRUE(fits(rest_json(made.token), "Token"));
    EXPECT_EQ(rest_json(made)["secret"].as_string(), "ekt_x");
    EXPECT_EQ(rest_json(made)["role"].as_string(), "operator");
    EXPECT_TRUE(rest_json(made)["revoked_at"].is_null());
    EXPECT_FALSE(rest_json(made).find("hash"));
    EnrolmentTokenMade enrolling;
    enrolling.install = "curl";
    EXPECT_TRUE(fits(rest_json(enrolling.token), "EnrolmentToken"));
    EXPECT_EQ(rest_json(enrolling)["install"].as_string(), "curl");
    EXPECT_FALSE(rest_json(enrolling).find("hash"));
}

TEST(RestFields, AnAuditRecordBeforeAndInItsChain) {
    AuditRecord record;
    record.time = "2026-11-23T05:36:53.120Z";
    EXPECT_FALSE(rest_json(record).find("seq"));
    EXPECT_TRUE(fits(rest_json(record), "AuditRecord"));
    record.seq = 7;
    EXPECT_EQ(rest_json(record)["seq"].as_integer(), 7);
    EXPECT_TRUE(fits(rest_json(record), "AuditRecord"));
}

TEST(RestFields, TheDataOfEvents) {
    expect_read_back(ResourceEvent{.host = "host_1",
                                   .ref = kRef,
                                   .policy = wire::Policy::report,
                                   .generation = kGeneration,
                                   .compliance = {kDrifted, {}},
                                   .changes = {kChange}});
    expect_read_back(DescriptionEvent{.host = "host_1",
                                      .ref = kRef,
                                      .generation = kGeneration,
                                      .origin = wire::Origin::local,
                                      .reason = "local"});
}

TEST(RestFields, WhatAnAgentReportsOfItselfIsCheckedButItsHost) {
    const AgentEvent event{.host = "host_1", .from = 3, .to = 5, .count = 3, .reason = "full"};
    expect_read_back(event);
    json::Value reported = rest_json(event);
    reported.as_object().set("host", 5);
    EXPECT_TRUE(json::decode<AgentEvent>(reported));
    reported.as_object().set("count", "three");
    EXPECT_FALSE(json::decode<AgentEvent>(reported));
    EXPECT_TRUE(json::decode<AgentEvent>(json::Object{})) << "all of it may be absent";
}

TEST(RestFields, WhatIsWrongIsNamedByItsPointer) {
    ComplianceEntry verdict;
    verdict.host = "host_1";
    verdict.ref = kRef;
    verdict.compliance.now = kDrifted;
    json::Value value = rest_json(verdict);
    value.as_object().find("compliance")->as_object().set("status", "fine");
    const auto read = json::decode<ComplianceEntry>(value);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().what.substr(0, 32), "/compliance/status: the status '");
}

}  // namespace
}  // namespace evenkeel::state::rest
