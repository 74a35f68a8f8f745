#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/component/link/bench.hpp"

namespace evenkeel::link::bench {
namespace {

class Trust : public testing::Test {
  protected:
    Trust() { server.known[certificates.host("one")] = "one"; }
    bool wait(const std::function<bool()>& done) { return loop.run_until(done, kPatience); }

    // What the first attempt of `agent` ended with; fails when it comes up.
    Error failure_of(Agent& agent) {
        agent.start();
        EXPECT_TRUE(wait([&] { return !agent.failures.empty() || agent.ups > 0; }));
        EXPECT_EQ(agent.ups, 0);
        return agent.failures.empty() ? Error{} : agent.failures.front();
    }

    run::Loop loop;
    Certificates certificates;
    Server server{loop, certificates};
};

TEST_F(Trust, ACertificateOfOurCaThatIsNotOnTheListIsRefused) {
    certificates.host("stranger");
    server.start();
    Agent agent(loop, certificates, server->port(), "stranger");
    EXPECT_EQ(failure_of(agent).code, Errc::denied);
    EXPECT_TRUE(server.connected.empty());
}

TEST_F(Trust, ACertificateOfAForeignCaIsRefused) {
    server.start();
    Certificates foreign;
    foreign.host("one");
    Agent agent(loop, certificates, server->port());
    agent.options.certificate_file = foreign.file("one.pem");
    agent.options.key_file = foreign.file("one.key");
    failure_of(agent);
    EXPECT_TRUE(server.connected.empty());
}

TEST_F(Trust, AClientWithoutACertificateIsRefused) {
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.certificate_file.clear();
    agent.options.key_file.clear();
    failure_of(agent);
    EXPECT_TRUE(server.connected.empty());
}

TEST_F(Trust, AServerUnderAForeignCaIsRefused) {
    Certificates foreign;
    server.options.certificate_file = foreign.file("server.pem");
    server.options.key_file = foreign.file("server.key");
    server.start();
    Agent agent(loop, certificates, server->port());
    EXPECT_EQ(failure_of(agent).code, Errc::denied);
}

TEST_F(Trust, AServerUnderACaThatTheMachineTrustsIsRefused) {
    Certificates foreign;
    ASSERT_EQ(::setenv("SSL_CERT_FILE", foreign.ca().c_str(), 1), 0);
    server.options.certificate_file = foreign.file("server.pem");
    server.options.key_file = foreign.file("server.key");
    server.start();
    Agent agent(loop, certificates, server->port());
    EXPECT_EQ(failure_of(agent).code, Errc::denied);
    ::unsetenv("SSL_CERT_FILE");
}

TEST_F(Trust, AServerOfOurCaWithAnotherNameIsRefusedWhateverAddressWasDialled) {
    certificates.server_named("other", "localhost");
    server.options.certificate_file = certificates.file("other.pem");
    server.options.key_file = certificates.file("other.key");
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.host = "localhost";
    EXPECT_EQ(failure_of(agent).code, Errc::denied);
    EXPECT_TRUE(server.connected.empty());
}

TEST_F(Trust, AHostsCertificateCannotPoseAsTheServer) {
    server.options.certificate_file = certificates.file("one.pem");
    server.options.key_file = certificates.file("one.key");
    server.start();
    Agent agent(loop, certificates, server->port());
    EXPECT_EQ(failure_of(agent).code, Errc::denied);
}

TEST_F(Trust, TheServersNameIsTheSameUnderAnyAddress) {
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.host = "localhost";
    agent.start();
    EXPECT_TRUE(wait([&] { return agent.ups == 1; }));
}

TEST_F(Trust, AnIpv6AddressCanBeDialled) {
    server.options.host = "::1";
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.host = "::1";
    agent.start();
    ASSERT_TRUE(wait([&] { return agent.ups == 1 && !server.connected.empty(); }));
    EXPECT_EQ(server.connected.at(0).address, "::1");
}

TEST_F(Trust, AllAddressesAreListenedOnWhenNoneIsNamed) {
    server.options.host.clear();
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.start();
    ASSERT_TRUE(wait([&] { return agent.ups == 1 && !server.connected.empty(); }));
    EXPECT_EQ(server.connected.at(0).address, "127.0.0.1");
}

TEST_F(Trust, AttachingToAnotherHostsAddressEndsTheConnection) {
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.sources = {"agent.two"};
    agent.start();
    ASSERT_TRUE(wait([&] { return !server.disconnected.empty(); }));
    EXPECT_NE(server.disconnected[0].find("agent.two"), std::string::npos);
    EXPECT_FALSE(contains(server.attached, "out agent.two"));
    ASSERT_TRUE(wait([&] { return !agent.failures.empty(); }));
    EXPECT_EQ(agent.failures[0].code, Errc::denied);
}

TEST_F(Trust, APeerThatLetsUsInAndThrowsUsOutIsDialledEverMoreSeldom) {
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.backoff_cap = 1h;
    agent.start();
    std::size_t thrown_out = 0;
    loop.run_until(
        [&] {
            for (; thrown_out < server.connected.size(); ++thrown_out) {
                server->close(server.connected[thrown_out].connection, "test:out", "out");
            }
            return false;
        },
        3s);
    EXPECT_GE(thrown_out, 2U);
    EXPECT_LT(thrown_out, 15U) << "at an even pace of at most 50 ms there would be more";
}

TEST_F(Trust, APeerThatHasTakenUsInIsDialledAgainSoonWithTheBaseThatItGave) {
    server.start();
    Agent agent(loop, certificates, server->port());
    agent.options.backoff_base = agent.options.backoff_cap = 1h;
    agent.start();
    for (int links = 1; links <= 3; ++links) {
        ASSERT_TRUE(wait([&] { return agent.ups == links; }));
        agent->confirm(10ms);
        server->close(server.connected.back().connection, "test:out", "out");
    }
}

TEST_F(Trust, AnExceptionOfThePolicyEndsThatConnectionOnly) {
    // at() throws for a fingerprint that is not there.
    Listener::Policy policy;
    policy.admit = [this](const Peer& peer) { return server.known.at(peer.fingerprint); };
    policy.may_attach = [](const Peer&, const std::string&, Direction) { return true; };
    Listener::Events events;
    events.on_message = [](std::uint64_t, const std::string&, const Message&,
                           const Delivery& delivery) { delivery.settle(Disposition::accept); };
    Listener listener(server.options, policy, events, loop.poster());
    ASSERT_TRUE(listener.start());
    Agent agent(loop, certificates, listener.port());
    agent.start();
    ASSERT_TRUE(wait([&] { return agent.ups == 1; }));
    certificates.host("stranger");
    Agent stranger(loop, certificates, listener.port(), "stranger");
    EXPECT_NE(failure_of(stranger).what.find("amqp:internal-error"), std::string::npos);
    ASSERT_TRUE(agent->send("events", 1, {"x", "", ""}));
    ASSERT_TRUE(wait([&] { return !agent.answers.empty(); }));
    EXPECT_EQ(agent.answers[0].second, Disposition::accept) << "over the link that was up before";
    EXPECT_TRUE(agent.downs.empty());
}

TEST_F(Trust, CertificatesThatCannotBeReadAreNamedAtTheStart) {
    certificates.host("two");
    server.options.key_file = certificates.file("two.key");  // of another certificate
    Listener listener(server.options, {}, {}, loop.poster());
    const auto listening = listener.start();
    EXPECT_EQ(listening.error().code, Errc::invalid);
    EXPECT_NE(listening.error().what.find("two.key"), std::string::npos);
    Agent agent(loop, certificates, 1);
    agent.options.ca_file = certificates.file("missing.pem");
    Dialer dialer(agent.options, {}, loop.poster());
    const auto dialling = dialer.start();
    EXPECT_EQ(dialling.error().code, Errc::invalid);
    EXPECT_NE(dialling.error().what.find("missing.pem"), std::string::npos);
}

// The command that shakes hands as told and hangs up; its output ends with "status N" on failure.
std::vector<std::string> shake(run::Loop& loop, std::uint16_t port,
                               const std::vector<std::string>& how) {
    std::vector<std::string> command{"openssl", "s_client", "-connect",
                                     "127.0.0.1:" + std::to_string(port)};
    command.insert(command.end(), how.begin(), how.end());
    return run_program(loop, command);
}

TEST_F(Trust, OldTlsAndAnonymousCiphersAreRefusedOnBothKindsOfListener) {
    for (const bool mutual : {true, false}) {
        Server other(loop, certificates);
        if (!mutual) other.options.client_ca_file.clear();
        other.start();
        const auto port = other->port();
        EXPECT_TRUE(contains(shake(loop, port, {"-tls1_2"}), "Cipher is ECDHE")) << mutual;
        EXPECT_TRUE(contains(shake(loop, port, {"-tls1_3"}), "Cipher is TLS_")) << mutual;
        EXPECT_TRUE(contains(shake(loop, port, {"-tls1_1", "-cipher", "ALL@SECLEVEL=0"}),
                             "Cipher is (NONE)"))
            << mutual;
        EXPECT_TRUE(contains(shake(loop, port, {"-tls1_2", "-cipher", "aNULL@SECLEVEL=0"}),
                             "Cipher is (NONE)"))
            << mutual;
    }
}

}  // namespace
}  // namespace evenkeel::link::bench
