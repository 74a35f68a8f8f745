#include "orchestrator/enrolment/port.hpp"

#include <optional>
#include <semaphore>
#include <thread>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "core/crypto/x509.hpp"
#include "core/link/dialer.hpp"
#include "core/link/request.hpp"
#include "orchestrator/enrolment/token_rules.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/hosts.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::enrolment {
namespace {

using namespace std::chrono_literals;

// A machine with a key of its own that asks over a real link, on a thread of its own.
class Machine {
  public:
    Machine(run::Loop& loop, std::uint16_t port, const std::string& ca_file)
        : post_(loop.poster()) {
        remote_.host = "127.0.0.1";
        remote_.port = port;
        remote_.ca_file = ca_file;
        remote_.container_id = "machine";
    }
    ~Machine() {
        if (thread_.joinable()) thread_.join();
    }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    void ask(const std::string& token = "", std::chrono::milliseconds limit = 20s) {
        if (thread_.joinable()) thread_.join();
        wire::EnrolRequest request;
        request.csr = csr;
        request.name = "new1";
        request.token = token;
        request.facts = json::Object{};
        answer_->reset();
        thread_ = std::thread([remote = remote_, limit, body = wire::encode(request), post = post_,
                               answer = answer_] {
            link::Message message;
            message.body = body;
            const auto reply =
                link::request_once(remote, std::string(wire::kEnrolAddress), message, limit);
            wire::EnrolAnswer decoded;
            if (reply) decoded = *wire::decode_enrol_answer(reply->body);
            if (!reply) decoded.error = reply.error();
            post([answer, decoded] { *answer = decoded; });
        });
    }
    bool is_answered() const { return answer_->has_value(); }
    const wire::EnrolAnswer& answer() const { return **answer_; }

    const std::string csr = *crypto::make_request(*crypto::make_key(), "whatever");
    const std::string key = *crypto::request_key_fingerprint(csr);

  private:
    run::Post post_;
    link::Remote remote_;
    std::thread thread_;
    std::shared_ptr<std::optional<wire::EnrolAnswer>> answer_ =
        std::make_shared<std::optional<wire::EnrolAnswer>>();
};

// A machine that stays connected, and sends one message on each connection if it has one.
struct Lingering {
    Lingering(run::Loop& loop, std::uint16_t port, const std::string& ca_file,
              const std::string& body = "") {
        link::Dialer::Options options;
        options.host = "127.0.0.1";
        options.port = port;
        options.ca_file = ca_file;
        options.container_id = "lingering";
        options.backoff_base = options.backoff_cap = 50ms;
        if (!body.empty()) options.targets = {std::string(wire::kEnrolAddress)};
        link::Dialer::Events events;
        events.on_up = [this, body] {
            if (body.empty()) return;
            link::Message message;
            message.body = body;
            EXPECT_TRUE(dialer->send(std::string(wire::kEnrolAddress), 0, message));
        };
        events.on_settled = [this](const std::string&, std::uint64_t, link::Disposition) {
            ++settled;
        };
        events.on_down = [this](const link::Ending&) { ++cuts; };
        dialer = std::make_unique<link::Dialer>(options, events, loop.poster());
        EXPECT_TRUE(dialer->start());
    }

    int settled = 0;
    int cuts = 0;
    std::unique_ptr<link::Dialer> dialer;
};

// Signs when the test lets it.
struct SlowAuthority {
    explicit SlowAuthority(run::Loop& loop) : post(loop.poster()) {}

    Result<std::string> sign(const std::string& request, const std::string& host) {
        post([this, thread = std::this_thread::get_id()] { threads.push_back(thread); });
        go_on.acquire();
        return authority.sign_host(request, host);
    }

    run::Post post;
    crypto::Authority authority = *crypto::Authority::create("test");
    std::vector<std::thread::id> threads;  // of each signature that has begun
    std::counting_semaphore<1000> go_on{0};
};

class PortTest : public test::StateTest {
  protected:
    void SetUp() override {
        StateTest::SetUp();
        const auto key = *crypto::make_key();
        const auto request = *crypto::make_request(key, crypto::kServerName);
        const auto& authority = slow_.authority;
        ASSERT_TRUE(write_file(folder_ / "ca.pem", authority.certificate(), 0600));
        ASSERT_TRUE(write_file(folder_ / "server.key", key.reveal(), 0600));
        ASSERT_TRUE(write_file(folder_ / "server.pem",
                               *authority.sign_server(request) + authority.certificate(), 0600));
        options_.host = "127.0.0.1";
        options_.certificate_file = folder_ / "server.pem";
        options_.key_file = folder_ / "server.key";
        options_.wait_most = 1h;
    }
    void TearDown() override {
        slow_.go_on.release(50);
        port_.reset();
    }

    void start() {
        port_ = std::make_unique<Port>(
            Port::Parts{
                .loop = loop_,
                .state = *state_,
                .sign = [this](const std::string& request,
                               const std::string& host) { return slow_.sign(request, host); },
                .authority = slow_.authority.certificate(),
                .bus_port = [] { return std::uint16_t{5671}; }},
            options_);
        ASSERT_TRUE(port_->start());
    }
    Machine machine() { return {loop_, port_->port(), folder_ / "ca.pem"}; }
    bool has_begun_to_sign() { return !slow_.threads.empty(); }
    std::string token(std::int64_t uses) {
        TokenRequest request;
        request.uses = uses;
        const MadeToken made = make_token(request);
        change([&](state::Edit& edit) { return edit.enrolment_tokens().put(made.record); });
        return std::string(made.secret.reveal());
    }
    bool until(const std::function<bool()>& done) { return loop_.run_until(done, test::kPatience); }
    bool is_pending(const Machine& machine) {
        const auto found = *read().enrolments().find(machine.key);
        return found && found->state == state::EnrolmentState::pending;
    }
    std::string accept_now(const Machine& machine) {
        std::string host;
        change([&](state::Edit& edit) -> Result<void> {
            host =
                EK_TRY(accept(edit, state::enrolment_id_of(machine.key), {}, now_unix_ms())).host;
            return {};
        });
        return host;
    }
    // How many hosts there are beside the fixture's.
    int hosts_made() {
        int count = -1;
        EXPECT_TRUE(read().hosts().each([&](const state::Host&) {
            ++count;
            return true;
        }));
        return count;
    }

    SlowAuthority slow_{loop_};
    Port::Options options_;
    std::unique_ptr<Port> port_;
};

TEST_F(PortTest, TheCommitOfADecisionWakesTheMachineThatWaits) {
    slow_.go_on.release(1);
    start();
    Machine one = machine();
    one.ask();
    ASSERT_TRUE(until([&] { return is_pending(one); }));
    EXPECT_FALSE(one.is_answered());
    // No timer is due before an hour has passed.
    const std::string host = accept_now(one);
    ASSERT_TRUE(until([&] { return one.is_answered(); }));
    const auto answer = one.answer();
    EXPECT_EQ(answer.host, host);
    EXPECT_EQ(*crypto::certificate_common_name(answer.certificate), host);
    EXPECT_EQ((*read().hosts().find(host))->fingerprint,
              *crypto::certificate_fingerprint(answer.certificate));
}

TEST_F(PortTest, ADecisionOnAnotherMachineLeavesItWaiting) {
    start();
    Machine one = machine();
    Machine other = machine();
    one.ask();
    other.ask();
    ASSERT_TRUE(until([&] { return is_pending(one) && is_pending(other); }));
    change([&](state::Edit& edit) -> Result<void> {
        EK_CHECK(reject(edit, state::enrolment_id_of(other.key)));
        return {};
    });
    ASSERT_TRUE(until([&] { return other.is_answered(); }));
    EXPECT_EQ(other.answer().error->code, Errc::denied);
    EXPECT_FALSE(one.is_answered());
    port_->stop();
}

TEST_F(PortTest, TheEndOfAWaitIsToldAndTheMachineStaysPending) {
    options_.wait_most = 1ms;
    start();
    Machine one = machine();
    one.ask();
    ASSERT_TRUE(until([&] { return one.is_answered(); }));
    EXPECT_EQ(one.answer().error->code, Errc::timeout);
    EXPECT_TRUE(is_pending(one));
}

TEST_F(PortTest, AMachineThatAsksForNothingIsCutAndOneThatWaitsToBeAcceptedIsNot) {
    options_.request_timeout = 300ms;
    slow_.go_on.release(1);
    start();
    Machine one = machine();
    one.ask();
    // On a slow machine it may be cut before its request arrives.
    ASSERT_TRUE(until([&] {
        if (one.is_answered()) one.ask();
        return is_pending(one);
    }));
    const Lingering silent(loop_, port_->port(), folder_ / "ca.pem");
    ASSERT_TRUE(until([&] { return silent.cuts >= 2; })) << "and may come again";
    EXPECT_FALSE(one.is_answered());
    accept_now(one);
    ASSERT_TRUE(until([&] { return one.is_answered(); }));
    EXPECT_FALSE(one.answer().error);
}

TEST_F(PortTest, AMachineThatAsksForNothingAfterItsAnswerIsCut) {
    options_.request_timeout = 300ms;
    start();
    wire::EnrolRequest refused;
    refused.csr = "none";
    refused.token = "eke_nonsense";
    refused.facts = json::Object{};
    for (const std::string& body : {std::string("rubbish"), wire::encode(refused)}) {
        const Lingering one(loop_, port_->port(), folder_ / "ca.pem", body);
        ASSERT_TRUE(until([&] { return one.settled >= 1; })) << body;
        const int cuts = one.cuts;
        ASSERT_TRUE(until([&] { return one.cuts > cuts; })) << body;
    }
}

TEST_F(PortTest, TheLoopGoesOnWhileACertificateIsSigned) {
    start();
    Machine one = machine();
    one.ask(token(1));
    ASSERT_TRUE(until([&] { return has_begun_to_sign(); }));
    EXPECT_NE(slow_.threads.at(0), std::this_thread::get_id());
    // The same while an accepted machine waits for its certificate behind it.
    Machine two = machine();
    two.ask();
    ASSERT_TRUE(until([&] { return is_pending(two); }));
    accept_now(two);
    EXPECT_FALSE(one.is_answered());
    slow_.go_on.release(2);
    ASSERT_TRUE(until([&] { return one.is_answered() && two.is_answered(); }));
    EXPECT_FALSE(one.answer().error);
    EXPECT_FALSE(two.answer().error);
}

TEST_F(PortTest, WhatWaitsToBeSignedIsBounded) {
    options_.signatures_waiting_most = 1;
    start();
    const std::string secret = token(10);
    Machine first = machine();
    first.ask(secret);
    ASSERT_TRUE(until([&] { return has_begun_to_sign(); }));
    Machine second = machine();
    Machine third = machine();
    second.ask(secret);
    third.ask(secret);
    ASSERT_TRUE(until([&] { return second.is_answered() || third.is_answered(); }));
    Machine& refused = second.is_answered() ? second : third;
    Machine& queued = second.is_answered() ? third : second;
    EXPECT_EQ(refused.answer().error->code, Errc::busy);
    EXPECT_FALSE(queued.is_answered());
    slow_.go_on.release(2);
    ASSERT_TRUE(until([&] { return first.is_answered() && queued.is_answered(); }));
    EXPECT_FALSE(first.answer().error);
    EXPECT_FALSE(queued.answer().error);
    EXPECT_EQ(hosts_made(), 2);
}

TEST_F(PortTest, AMachineThatIsAcceptedWhileItsCertificateIsSignedAsksAgain) {
    start();
    const std::string secret = token(1);
    Machine one = machine();
    one.ask(secret);
    ASSERT_TRUE(until([&] { return has_begun_to_sign(); }));
    change([&](state::Edit& edit) -> Result<void> {
        wire::EnrolRequest request;
        request.csr = one.csr;
        request.facts = json::Object{};
        EK_CHECK(announce(edit, request, "192.0.2.1", {}, now_unix_ms()));
        return {};
    });
    const std::string host = accept_now(one);
    slow_.go_on.release(1);
    ASSERT_TRUE(until([&] { return one.is_answered(); }));
    EXPECT_EQ(one.answer().error->code, Errc::busy);
    slow_.go_on.release(1);
    one.ask(secret);
    ASSERT_TRUE(until([&] { return one.is_answered(); }));
    EXPECT_EQ(one.answer().host, host);
    EXPECT_EQ(hosts_made(), 1);
}

TEST_F(PortTest, AMachineThatIsGoneWhenItsCertificateIsSignedIsNotTakenIn) {
    start();
    const std::string secret = token(1);
    Machine one = machine();
    one.ask(secret, 5s);
    ASSERT_TRUE(until([&] { return has_begun_to_sign(); }));
    ASSERT_TRUE(until([&] { return one.is_answered(); }));
    EXPECT_EQ(one.answer().error->code, Errc::timeout);
    // Another connection that has come and gone: the port knows of the end of the one before.
    Machine other = machine();
    other.ask("eke_nonsense");
    ASSERT_TRUE(until([&] { return other.is_answered(); }));
    slow_.go_on.release(1);
    Machine next = machine();
    next.ask(secret);
    slow_.go_on.release(1);
    ASSERT_TRUE(until([&] { return next.is_answered(); }));
    EXPECT_FALSE(next.answer().error) << "the token has its use still";
    EXPECT_EQ(hosts_made(), 1);
}

}  // namespace
}  // namespace evenkeel::enrolment
