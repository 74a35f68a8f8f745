#include <algorithm>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>

#include "core/agent/config/config.hpp"
#include "core/agent/uplink/enrol.hpp"
#include "core/agent/uplink/uplink.hpp"
#include "core/agent/uplink/uplink_supervisor.hpp"
#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/run/lane.hpp"
#include "core/store/key.hpp"
#include "tests/component/agent/bus_bench.hpp"

namespace evenkeel::agent::test {
namespace {

using link::Disposition;

const json::Value kHi = json::Object{{"text", "hi"}};

TEST_F(Bus, BeginsWithHelloThenDigestThenHeartbeats) {
    start_all();
    orchestrator->hello.heartbeat = 200ms;
    connect();
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 1; }));
    ASSERT_TRUE(until([&] { return orchestrator->heartbeats >= 2; }));
    const wire::AgentHello& hello = orchestrator->hellos.at(0);
    EXPECT_EQ(hello.stream, agent->store().stream());
    ASSERT_EQ(hello.collections.size(), 1U);
    EXPECT_EQ(hello.collections[0].name, "notes");
    EXPECT_EQ(orchestrator->digests[0].count, 0U);
    EXPECT_EQ(orchestrator->digests[0].stream, "stream_o");
}

TEST_F(Bus, ACommandGoesThereAndItsOutcomeComesBack) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    // The answer to the command, what is told live and the outcome come each in its own time.
    ASSERT_TRUE(until([&] {
        return got("command.outcome") == 1 && !orchestrator->answers.empty() &&
               !orchestrator->live.empty();
    }));
    EXPECT_EQ(orchestrator->answers.at(0), std::make_pair(std::uint64_t{1}, Disposition::accept));
    EXPECT_EQ(orchestrator->live.at(0).kind, wire::EventKind::command_running);
    EXPECT_EQ(machine->get("one")["text"], json::Value("hi"));
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
}

// Resources whose states together fit in no message.
std::vector<wire::ResourceRequest> large_requests() {
    std::vector<wire::ResourceRequest> requests;
    for (std::uint64_t i = 0; i < 300; ++i) {
        wire::ResourceRequest request;
        request.ref = {"notes", "n" + std::to_string(i)};
        request.description = json::Object{{"text", std::string(2000, 'x')}};
        request.generation = {"stream_o", i + 1};
        requests.push_back(std::move(request));
    }
    return requests;
}

TEST_F(Bus, AnOutcomeThatIsCutDownSaysHowTheCommandEnded) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", large_requests());
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    const auto outcome = std::find_if(
        orchestrator->events.begin(), orchestrator->events.end(),
        [](const wire::Event& event) { return event.kind == wire::EventKind::command_outcome; });
    EXPECT_TRUE(outcome->data.bool_or("truncated"));
    EXPECT_EQ(outcome->data.string_or("state"), "succeeded");
    EXPECT_EQ(outcome->data["resources"].as_array().size(), 300U);
    // What was cut is told by itself.
    ASSERT_TRUE(until([&] { return got("resource.observed") == 300; }));
}

TEST_F(Bus, AnOutcomeThatFitsInNoMessageEndsTheCommandFailedWithTheCause) {
    start_all();
    connect();
    machine->fail_applies(Error{Errc::denied, std::string(4000, 'x')});
    orchestrator->command("cmd_1", "apply", large_requests());
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    const auto outcome = std::find_if(
        orchestrator->events.begin(), orchestrator->events.end(),
        [](const wire::Event& event) { return event.kind == wire::EventKind::command_outcome; });
    EXPECT_EQ(outcome->data.string_or("state"), "failed");
    EXPECT_EQ(outcome->data["error"].string_or("code"), "limit");
}

TEST_F(Bus, EventsArriveInOrderWithoutHolesThroughACutLink) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    orchestrator->stop();
    for (int i = 0; i < 3; ++i) {
        machine->tamper("one", {{"text", "ho"}});
        ASSERT_TRUE(until([&] { return count("resource.drifted") == std::size_t(i) + 1; }));
        machine->tamper("one", {{"text", "hi"}});
        ASSERT_TRUE(until([&] { return count("resource.restored") == std::size_t(i) + 1; }));
    }
    orchestrator->start(*loop);
    ASSERT_TRUE(until([&] { return got("resource.restored") == 3; }));
    EXPECT_EQ(got("resource.drifted"), 3U);
    EXPECT_TRUE(without_holes());
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 2; }));
}

TEST_F(Bus, AReleasedEventIsSentAgainBeforeThoseBehindIt) {
    start_all();
    connect();
    int times = 0;
    // Nothing behind a released event is taken, as a store that is full would do it.
    std::uint64_t waits_for = 0;
    orchestrator->assess = [&](const wire::Event& event) {
        if (event.seq == 2 && times++ < 2) waits_for = 2;
        if (waits_for != 0 && event.seq == waits_for && times > 2) waits_for = 0;
        return waits_for != 0 && event.seq >= waits_for ? Disposition::release
                                                        : Disposition::accept;
    };
    for (std::uint64_t i = 1; i <= 4; ++i) {
        orchestrator->command("cmd_" + std::to_string(i), "apply",
                              {request("n" + std::to_string(i), kHi, i)});
    }
    ASSERT_TRUE(until([&] { return got("command.outcome") == 4; }));
    EXPECT_TRUE(without_holes());
}

TEST_F(Bus, WhatTheOrchestratorHasIsNotSentAgainAfterARestart) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    restart();
    connect();
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 2; }));
    EXPECT_EQ(got("command.outcome"), 1U);
    EXPECT_EQ(orchestrator->hellos.back().commands.seq, 1U);
    EXPECT_EQ(orchestrator->digests.back().count, 1U);
}

TEST_F(Bus, QuestionsAreAnsweredWithTheirCorrelation) {
    start_all();
    connect();
    machine->set("one", {{"text", "hi"}});
    wire::Request request;
    request.verb = wire::RequestVerb::read;
    request.arguments = json::Object{{"collection", "notes"}, {"ids", json::Array{"one", "two"}}};
    orchestrator->send(wire::encode(request), "q1");
    request.arguments = json::Object{{"collection", "nonesuch"}, {"ids", json::Array{}}};
    orchestrator->send(wire::encode(request), "q2");
    request.verb = wire::RequestVerb::apply;
    orchestrator->send(wire::encode(request), "q3");
    ASSERT_TRUE(until([&] { return orchestrator->replies.size() == 3; }));
    for (const auto& [correlation, reply] : orchestrator->replies) {
        if (correlation == "q1") {
            EXPECT_EQ(reply.result["items"].as_array().size(), 1U);
        } else {
            EXPECT_TRUE(reply.error) << correlation;
        }
    }
}

TEST_F(Bus, MessagesThatMakeNoSenseDoNoHarm) {
    start_all();
    connect();
    for (const char* body : {"", "[", "{}", R"({"type":"command"})", R"({"type":"dance"})"}) {
        orchestrator->send(body);
    }
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
}

TEST_F(Bus, AfterARestoreTheAgentHandsUpWhatTheBackupLacks) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("old", kHi, 5)});
    orchestrator->command("cmd_2", "apply", {request("fresh", kHi, 9)});
    orchestrator->command("cmd_3", "apply", {request("gone", kHi, 6)});
    orchestrator->command("cmd_4", "remove", {request("gone", nullptr, 10)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 4; }));
    orchestrator->stop();
    orchestrator->events.clear();
    // The backup was taken at revision 7.
    orchestrator->stream = orchestrator->hello.stream = "stream_restored";
    orchestrator->hello.predecessor_stream = "stream_o";
    orchestrator->hello.predecessor_revision = 7;
    orchestrator->start(*loop);
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 2; }));
    ASSERT_EQ(got("description.changed"), 1U);
    ASSERT_EQ(got("description.forgotten"), 1U);
    for (const wire::Event& event : orchestrator->events) {
        if (event.kind == wire::EventKind::description_changed) {
            EXPECT_EQ(event.data["id"], json::Value("fresh"));
            EXPECT_EQ(event.data["description"], kHi);
            EXPECT_EQ(event.data["reason"], json::Value("restored"));
        }
        if (event.kind == wire::EventKind::description_forgotten) {
            EXPECT_EQ(event.data["id"], json::Value("gone"));
        }
    }
    EXPECT_EQ(got("resource.observed"), 2U);
    EXPECT_EQ(agent->admission().mark().stream, "stream_restored");
    EXPECT_EQ(agent->admission().mark().seq, 0U);
}

TEST_F(Bus, AnAgentWithAnOldCopyOfItsStoreGivesNoNumberTwice) {
    start_all();
    orchestrator->hello.events = {agent->store().stream(), 100};
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    EXPECT_GT(seqs().front(), 100U);
}

TEST_F(Bus, AnOrchestratorThatSaysNoHelloIsDialledAgain) {
    hello_time = 100ms;
    start_all();
    orchestrator->answers_hello = false;
    connect();
    EXPECT_GT(orchestrator->connections, 1);
    orchestrator->answers_hello = true;
    ASSERT_TRUE(until([&] { return session->is_up(); }));
}

TEST_F(Bus, AnOrchestratorThatAcceptsNoHeartbeatIsDialledAgain) {
    start_all();
    orchestrator->hello.heartbeat = 200ms;
    connect();
    ASSERT_TRUE(until([&] { return session->is_up(); }));
    const int before = orchestrator->connections;
    orchestrator->accepts_heartbeats = false;
    ASSERT_TRUE(until([&] { return orchestrator->connections > before; }));
    orchestrator->accepts_heartbeats = true;
    ASSERT_TRUE(until([&] { return session->is_up(); }));
}

TEST_F(Bus, AnOrchestratorOfAnotherVersionIsNotDialledAgainAtOnce) {
    backoff = 1h;
    start_all();
    orchestrator->hello.protocol = 99;
    dial();
    ASSERT_TRUE(until([&] { return orchestrator->ended == 1; }));
    EXPECT_FALSE(loop->run_until([&] { return orchestrator->connections > 1; }, 300ms));
}

// What an orchestrator ends the link with, and whether it means that this machine is quarantined.
struct LinkEnd {
    const char* condition;
    const char* text;
    bool quarantined;
};
class LinkEnds : public Bus, public testing::WithParamInterface<LinkEnd> {};

TEST_P(LinkEnds, QuarantineIsToldByTheConditionOrByTheTextOfAnOldOrchestrator) {
    const LinkEnd& end = GetParam();
    start_all();
    connect();
    ASSERT_TRUE(until([&] { return session->is_up(); }));
    orchestrator->close(end.condition, end.text);
    if (end.quarantined) {
        ASSERT_TRUE(until([&] { return session->is_quarantined(); }));
        EXPECT_EQ(orchestrator->connections, 1);
    } else {
        ASSERT_TRUE(until([&] { return orchestrator->connections >= 2 && session->is_up(); }));
        EXPECT_FALSE(session->is_quarantined());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Bus, LinkEnds,
    testing::Values(LinkEnd{wire::kQuarantinedCondition, "held: another machine", true},
                    LinkEnd{wire::kQuarantinedCondition, "any text", true},
                    LinkEnd{"amqp:unauthorized-access", "held: another machine", true},
                    LinkEnd{"amqp:unauthorized-access", "the host was retired", false},
                    LinkEnd{"amqp:connection:forced", "not held: anything", false}));

TEST_F(Bus, AQuarantinedAgentDialsAgainAfterItsPause) {
    quarantine_pause = 10ms;
    start_all();
    connect();
    ASSERT_TRUE(until([&] { return session->is_up(); }));
    orchestrator->close(wire::kQuarantinedCondition, "any text");
    ASSERT_TRUE(until([&] { return session->is_quarantined(); }));
    ASSERT_TRUE(until([&] { return orchestrator->connections >= 2 && session->is_up(); }));
    EXPECT_FALSE(session->is_quarantined());
}

// The next reading of a file finds nothing in it, and the one after that what was there before.
class UnreadableOnce {
  public:
    explicit UnreadableOnce(const std::string& path) : path_(path), aside_(path + ".aside") {
        std::filesystem::rename(path_, aside_);
        EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
        thread_ = std::thread([this] {
            // It opens once somebody reads.
            Fd writer;
            evenkeel::test::wait_until([&] {
                writer = Fd(::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
                return static_cast<bool>(writer);
            });
            std::filesystem::rename(aside_, path_);
        });
    }
    ~UnreadableOnce() { thread_.join(); }
    UnreadableOnce(const UnreadableOnce&) = delete;
    UnreadableOnce& operator=(const UnreadableOnce&) = delete;

    bool is_over() const { return !std::filesystem::exists(aside_); }

  private:
    const std::string path_, aside_;
    std::thread thread_;
};

TEST_F(Bus, AQuarantinedAgentThatCannotReadItsCertificateDialsAgainLater) {
    quarantine_pause = 10ms;
    start_all();
    connect();
    ASSERT_TRUE(until([&] { return session->is_up(); }));
    const UnreadableOnce certificate(IdentityFiles(options.state_dir).certificate());
    orchestrator->close(wire::kQuarantinedCondition, "any text");
    ASSERT_TRUE(until([&] { return session->is_quarantined(); }));
    EXPECT_TRUE(until([&] { return orchestrator->connections >= 2 && session->is_up(); }));
    EXPECT_TRUE(certificate.is_over());
}

TEST_F(Bus, WhatKeepsTheUplinkFromBeginningMayPass) {
    start_all();
    const IdentityFiles files(options.state_dir);
    OrchestratorConfig config;
    config.host = "127.0.0.1";
    for (const std::string& file :
         {files.certificate(), options.state_dir + "/identity/host.json"}) {
        UplinkSupervisor supervisor(agent->uplink_parts(), *loop, options.state_dir);
        const UnreadableOnce unreadable(file);
        supervisor.begin(config);
        EXPECT_EQ(supervisor.uplink(), nullptr) << file;
        EXPECT_TRUE(until([&] { return supervisor.uplink() && supervisor.uplink()->is_up(); }))
            << file;
        EXPECT_TRUE(unreadable.is_over()) << file;
    }
}

TEST_F(Bus, ADigestThatTheLinkIsTooBusyForIsSentLater) {
    start_all();
    orchestrator->answers_hello = false;
    dial();
    orchestrator->settles = false;
    ASSERT_TRUE(until([&] { return orchestrator->hellos.size() == 1; }));
    // More replies than a link takes without an answer.
    wire::Request request;
    request.verb = OpenName<wire::RequestVerb>("dance");
    for (std::size_t i = 1; i <= 300; ++i) {
        orchestrator->send(wire::encode(request), "q" + std::to_string(i));
        ASSERT_TRUE(until([&] { return orchestrator->settled == i; }));
    }
    orchestrator->send(wire::encode(orchestrator->hello));
    ASSERT_TRUE(until([&] { return session->is_up(); }));
    orchestrator->settle_all();
    EXPECT_TRUE(until([&] { return orchestrator->digests.size() == 1; }));
}

TEST_F(Bus, AnEventThatCannotBeReadNowIsSentLater) {
    start_all();
    connect();
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 1; }));
    // The store has room for so many readers.
    std::vector<Result<store::ReadTxn>> readers;
    do readers.push_back(agent->store().env().read());
    while (readers.back());
    bool committed = false;
    agent->journal().commit(
        {EventDraft{wire::EventKind::agent_blind,
                    json::Object{{"from", now_rfc3339()}, {"reason", "restart"}},
                    {},
                    ""}},
        {}, [&committed](const Result<void>& done) { committed = done.has_value(); });
    ASSERT_TRUE(until([&] { return committed; }));
    EXPECT_EQ(agent->journal().outbox().size(), 1U);
    readers.clear();
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    EXPECT_EQ(got("agent.blind"), 1U);
    EXPECT_EQ(agent->journal().full_report_due(), 0U);
}

TEST_F(Bus, WhatADamagedEventToldIsReportedAnew) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    orchestrator->stop();
    ASSERT_TRUE(until([&] { return !session->is_up(); }));
    machine->tamper("one", {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 1; }));
    {
        store::Env& env = agent->store().env();
        auto txn = env.write();
        const std::uint64_t seq = agent->journal().outbox().last();
        ASSERT_TRUE(txn->put(env.table("outbox"), store::number_key(seq), "damaged"));
        ASSERT_TRUE(txn->commit());
    }
    const std::size_t before = got("resource.observed");
    orchestrator->start(*loop);
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    EXPECT_TRUE(until([&] { return got("resource.observed") == before + 1; }));
    EXPECT_EQ(got("resource.drifted"), 0U);
    ASSERT_TRUE(until([&] { return agent->journal().full_report_due() == 0; }));
}

TEST_F(Bus, ARetiredAgentSaysSoAndDialsAgainOnlyAfterItsPause) {
    start_all();
    connect();
    ASSERT_TRUE(until([&] { return session->is_up(); }));
    orchestrator->close(wire::kRetiredCondition, "this identity was retired");
    ASSERT_TRUE(until([&] { return session->is_retired(); }));
    EXPECT_FALSE(session->is_quarantined());
    EXPECT_EQ(orchestrator->connections, 1);
}

TEST_F(Bus, ANewIdentityReportsAnewAndTakesTheCommandsOfANewHost) {
    start_all();
    connect();
    orchestrator->command("cmd_1", "apply", {request("one", kHi, 5)});
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    ASSERT_TRUE(until([&] { return agent->journal().outbox().size() == 0; }));
    const std::uint64_t last = agent->journal().outbox().last();
    session.reset();
    // The same stream of the orchestrator, and another host.
    identity.enrolment = "enrolment_new";
    orchestrator->hello.events = {};
    connect();
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 2; }));
    EXPECT_EQ(orchestrator->hellos.back().first_event, last + 1);
    EXPECT_EQ(agent->admission().mark().seq, 0U);
    EXPECT_EQ(got("resource.observed"), 1U);
    // With the next link nothing is reported again.
    session.reset();
    connect();
    ASSERT_TRUE(until([&] { return orchestrator->digests.size() == 3; }));
    EXPECT_EQ(got("resource.observed"), 1U);
}

TEST_F(Bus, AShedIsExplainedAndTheTruthToldAnew) {
    options.outbox.events = 64;
    start_all();
    connect();
    std::vector<wire::ResourceRequest> many;
    for (std::uint64_t i = 0; i < 80; ++i)
        many.push_back(request("n" + std::to_string(i), kHi, i + 1));
    orchestrator->command("cmd_1", "apply", many);
    ASSERT_TRUE(until([&] { return got("command.outcome") == 1; }));
    orchestrator->stop();
    ASSERT_TRUE(until([&] { return !session->is_up(); }));
    for (int i = 0; i < 80; ++i) machine->tamper("n" + std::to_string(i), {{"text", "ho"}});
    ASSERT_TRUE(until([&] { return count("resource.drifted") == 80; }));
    orchestrator->start(*loop);
    ASSERT_TRUE(until([&] { return got("resource.observed") >= 80; }));
    ASSERT_GE(got("agent.shed"), 1U);
    // Every number is an event's or lies in what a shed explains.
    std::uint64_t next = 1;
    for (const wire::Event& event : orchestrator->events) {
        const std::uint64_t from = event.kind == wire::EventKind::agent_shed
                                       ? std::uint64_t(event.data["from"].as_integer())
                                       : event.seq;
        EXPECT_EQ(from, next) << event.kind.text();
        next = event.seq + 1;
    }
}

class Enrolment : public Bus {
  protected:
    // Enrols on a lane while the loop turns for the orchestrator's end.
    Result<Identity> enrol_with(const std::string& token, const std::string& fingerprint) {
        OrchestratorConfig config;
        config.host = "127.0.0.1";
        config.enrolment_port = orchestrator->enrolment_port();
        config.ca_sha256 = fingerprint;
        std::optional<Result<Identity>> outcome;
        run::Lane lane({});
        EXPECT_TRUE(lane.submit([&, post = loop->poster()] {
            auto result = enrol(IdentityFiles(folder / "new"), config,
                                crypto::Secret(std::string_view(token)));
            post([&outcome, result] {
                outcome = result ? Result<Identity>(result->value())
                                 : Result<Identity>(fail(result.error()));
            });
        }));
        EXPECT_TRUE(until([&] { return outcome.has_value(); }));
        lane.stop(5s);
        return *outcome;
    }
};

TEST_F(Enrolment, GivesAnIdentityThatTheBusKnows) {
    start_all();
    orchestrator->start_enrolment(*loop);
    const auto enrolled = enrol_with("let-me-in", orchestrator->ca_fingerprint());
    ASSERT_TRUE(enrolled) << enrolled.error().what;
    EXPECT_EQ(enrolled->bus_port, orchestrator->port());
    EXPECT_EQ((*IdentityFiles(folder / "new").load())->host, enrolled->host);
}

TEST_F(Enrolment, IsRefusedWithTheReason) {
    start_all();
    orchestrator->start_enrolment(*loop);
    const auto refused = enrol_with("wrong", orchestrator->ca_fingerprint());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_NE(refused.error().what.find("the token is unknown"), std::string::npos);
    EXPECT_FALSE(*IdentityFiles(folder / "new").load());
}

TEST_F(Enrolment, AForeignAuthorityIsNotShownTheToken) {
    start_all();
    orchestrator->start_enrolment(*loop);
    const auto refused = enrol_with("let-me-in", std::string(64, 'a'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::denied);
}

}  // namespace
}  // namespace evenkeel::agent::test
