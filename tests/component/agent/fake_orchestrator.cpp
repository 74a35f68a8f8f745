#include "tests/component/agent/fake_orchestrator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>

#include "core/base/file.hpp"
#include "core/base/id.hpp"

namespace evenkeel::agent::test {

using link::Direction;
using link::Disposition;

namespace {

void must(const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().what);
}

}  // namespace

FakeOrchestrator::FakeOrchestrator(const std::string& its_stream)
    : stream(its_stream),
      authority_(crypto::Authority::create("test CA").value()),
      host_(make_id("host")) {
    const auto key = crypto::make_key().value();
    const auto request = crypto::make_request(key, "orchestrator").value();
    must(write_file(folder_ / "ca.pem", authority_.certificate(), 0600));
    must(write_file(folder_ / "server.key", key.reveal(), 0600));
    must(write_file(folder_ / "server.pem",
                    authority_.sign_server(request).value() + authority_.certificate(), 0600));
    hello.version = "test";
    hello.stream = stream;
    hello.host = host_;
}

std::string FakeOrchestrator::sign(const std::string& request) const {
    return authority_.sign_host(request, host_).value();
}

Identity FakeOrchestrator::enrol(const std::string& state_dir) {
    const IdentityFiles files(state_dir);
    const auto key = files.key_for_request().value();
    const std::string certificate = sign(crypto::make_request(key, "agent").value());
    fingerprint_ = crypto::certificate_fingerprint(certificate).value();
    const Identity identity{host_, port_};
    must(files.save(identity, certificate, authority_.certificate()));
    return identity;
}

void FakeOrchestrator::start(run::Loop& loop) {
    link::Listener::Options options;
    options.host = "127.0.0.1";
    options.port = port_;
    options.certificate_file = folder_ / "server.pem";
    options.key_file = folder_ / "server.key";
    options.client_ca_file = folder_ / "ca.pem";
    link::Listener::Policy policy;
    policy.admit = [this](const link::Peer& peer) -> std::optional<std::string> {
        if (peer.fingerprint == fingerprint_) return host_;
        return std::nullopt;
    };
    policy.may_attach = [this](const link::Peer&, const std::string& address, Direction way) {
        if (way == Direction::outgoing) return address == wire::agent_address(host_);
        return address == wire::kEventsAddress || address == wire::kRepliesAddress;
    };
    link::Listener::Events on;
    on.on_connected = [this](const link::Peer& peer) {
        connection_ = peer.connection;
        ++connections;
    };
    on.on_disconnected = [this](std::uint64_t, const std::string&) { ++ended; };
    on.on_message = [this](std::uint64_t, const std::string&, const link::Message& message,
                           const link::Delivery& delivery) { on_message(message, delivery); };
    on.on_settled = [this](std::uint64_t, const std::string&, std::uint64_t token,
                           Disposition disposition) {
        ++settled;
        if (token != 0) answers.emplace_back(token, disposition);
    };
    listener_ = std::make_unique<link::Listener>(options, policy, on, loop.poster());
    must(listener_->start());
    port_ = listener_->port();
}

void FakeOrchestrator::stop() {
    if (listener_) listener_->stop();
    listener_.reset();
}

void FakeOrchestrator::start_enrolment(run::Loop& loop) {
    link::Listener::Options options;
    options.host = "127.0.0.1";
    options.certificate_file = folder_ / "server.pem";
    options.key_file = folder_ / "server.key";
    link::Listener::Policy policy;
    policy.admit = [](const link::Peer&) { return std::string("anybody"); };
    policy.may_attach = [](const link::Peer&, const std::string&, Direction) { return true; };
    link::Listener::Events on;
    on.on_message = [this](std::uint64_t connection, const std::string&,
                           const link::Message& message, const link::Delivery& delivery) {
        delivery.settle(Disposition::accept);
        on_enrol(connection, message);
    };
    enrolment_ = std::make_unique<link::Listener>(options, policy, on, loop.poster());
    must(enrolment_->start());
}

void FakeOrchestrator::on_enrol(std::uint64_t connection, const link::Message& message) {
    const auto request = wire::decode_enrol_request(message.body).value();
    wire::EnrolAnswer answer;
    if (request.token == "let-me-in") {
        answer.host = host_;
        answer.certificate = sign(request.csr);
        answer.ca = authority_.certificate();
        answer.bus_port = port_;
        fingerprint_ = crypto::certificate_fingerprint(answer.certificate).value();
    } else {
        answer.error = Error{Errc::denied, "the token is unknown"};
    }
    link::Message reply;
    reply.body = wire::encode(answer);
    reply.correlation_id = message.correlation_id;
    must(enrolment_->send(connection, message.reply_to, 1, std::move(reply)));
}

void FakeOrchestrator::close(const std::string& condition, const std::string& text) {
    listener_->close(connection_, condition, text);
}

void FakeOrchestrator::send(const std::string& body, const std::string& correlation) {
    link::Message message;
    message.body = body;
    message.correlation_id = correlation;
    if (!correlation.empty()) message.reply_to = wire::kRepliesAddress;
    must(listener_->send(connection_, wire::agent_address(host_), 0, std::move(message)));
}

void FakeOrchestrator::command(const std::string& id, const std::string& verb,
                               std::vector<wire::ResourceRequest> resources) {
    wire::Command command;
    command.id = id;
    command.stream = stream;
    command.seq = ++seq_;
    command.verb = OpenName<wire::Verb>(verb);
    command.resources = std::move(resources);
    link::Message message;
    message.body = wire::encode(command);
    must(listener_->send(connection_, wire::agent_address(host_), seq_, std::move(message)));
}

void FakeOrchestrator::on_message(const link::Message& message, const link::Delivery& delivery) {
    auto decoded = wire::decode_to_orchestrator(message.body);
    if (!decoded) return delivery.settle(Disposition::reject);
    if (const auto* event = std::get_if<wire::Event>(&*decoded)) return take(*event, delivery);
    if (!accepts_heartbeats && std::holds_alternative<wire::Heartbeat>(*decoded)) return;
    if (settles) delivery.settle(Disposition::accept);
    else unsettled_.push_back(delivery);
    if (auto* said = std::get_if<wire::AgentHello>(&*decoded)) {
        hellos.push_back(*said);
        if (answers_hello) send(wire::encode(hello));
    } else if (const auto* digest = std::get_if<wire::Digest>(&*decoded)) {
        digests.push_back(*digest);
    } else if (const auto* reply = std::get_if<wire::Reply>(&*decoded)) {
        replies.emplace_back(message.correlation_id, *reply);
    } else {
        ++heartbeats;
    }
}

void FakeOrchestrator::settle_all() {
    settles = true;
    for (const link::Delivery& delivery : unsettled_) delivery.settle(Disposition::accept);
    unsettled_.clear();
}

void FakeOrchestrator::take(const wire::Event& event, const link::Delivery& delivery) {
    if (event.seq == 0) {
        live.push_back(event);
        return delivery.settle(Disposition::accept);
    }
    const Disposition answer = assess ? assess(event) : Disposition::accept;
    if (answer == Disposition::accept) {
        events.push_back(event);
        hello.events = {event.stream, std::max(hello.events.seq, event.seq)};
    }
    delivery.settle(answer);
}

}  // namespace evenkeel::agent::test
