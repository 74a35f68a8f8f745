#include "orchestrator/bus/agent_connection.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "orchestrator/bus/backoff_base.hpp"
#include "orchestrator/hosts/allow_list.hpp"
#include "orchestrator/hosts/lifecycle.hpp"
#include "orchestrator/hosts/quarantine.hpp"
#include "orchestrator/state/edit.hpp"

namespace evenkeel::bus {
namespace {

// How long a message that could not be stored is kept before its sender may try again.
constexpr std::chrono::seconds kRetryDelay{1};

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

AgentConnection::AgentConnection(Shared& shared, std::uint64_t connection, std::string host)
    : shared_(shared),
      connection_(connection),
      host_(std::move(host)),
      last_message_(hosts::Arrival::now()) {}

void AgentConnection::send(std::string body, std::uint64_t token) {
    if (ended_) return;
    const auto sent = shared_.send(
        connection_, wire::agent_address(host_), token,
        {.body = std::move(body), .reply_to = "", .correlation_id = "", .durable = token != 0});
    if (!sent) log::debug("not sent", {{"host", host_}, {"error", sent.error().what}});
}

void AgentConnection::receive(const link::Message& message, link::Delivery delivery) {
    heard(hosts::Arrival::now());
    auto decoded = wire::decode_to_orchestrator(message.body);
    if (!decoded) {
        const bool unknown = decoded.error().code == Errc::unsupported;
        if (!unknown) {
            log::warning("a host sent a malformed message",
                         {{"host", host_}, {"error", printable(decoded.error().what)}});
        }
        delivery.settle(unknown ? link::Disposition::accept : link::Disposition::reject);
        return;
    }
    const bool hello = std::holds_alternative<wire::AgentHello>(*decoded);
    if (!hellos_done_ && !hello) {
        delivery.settle(link::Disposition::release);
        return;
    }
    std::visit(Overloaded{[&](wire::AgentHello& one) { on_hello(std::move(one), delivery); },
                          [&](wire::Event& one) { on_event(std::move(one), delivery); },
                          [&](wire::Digest& one) {
                              delivery.settle(link::Disposition::accept);
                              on_digest(one);
                          },
                          [&](wire::Reply& one) {
                              delivery.settle(link::Disposition::accept);
                              shared_.requests.answer(connection_, message.correlation_id,
                                                      std::move(one));
                          },
                          [&](wire::Heartbeat&) { delivery.settle(link::Disposition::accept); }},
               *decoded);
}

void AgentConnection::heard(hosts::Arrival arrival) {
    last_message_ = arrival;
    if (hellos_done_) shared_.presence.record_message(host_, arrival);
}

void AgentConnection::on_hello(wire::AgentHello hello, const link::Delivery& delivery) {
    const auto protocol = wire::choose_protocol(hello.protocol_min, hello.protocol_max);
    if (!protocol) {
        delivery.settle(link::Disposition::accept);
        log::warning("a host speaks another protocol",
                     {{"host", host_}, {"error", protocol.error().what}});
        shared_.close(connection_, "evenkeel:protocol-version", protocol.error().what);
        return;
    }
    shared_.admit(connection_, hello, [self = shared_from_this(), hello, delivery] {
        self->accept_hello(hello, delivery);
    });
}

void AgentConnection::accept_hello(const wire::AgentHello& hello, const link::Delivery& delivery) {
    auto result = std::make_shared<hosts::HelloResult>();
    shared_.state.submit(
        [host = host_, hello, result](state::Edit& edit) -> Result<void> {
            *result = EK_TRY(hosts::host_connected(edit, host, hello, now_rfc3339()));
            return {};
        },
        [self = shared_from_this(), result, delivery](const Result<void>& done) {
            if (done && result->quarantined) {
                log::warning("a host was refused",
                             {{"host", self->host_}, {"error", hosts::kQuarantineText}});
                self->shared_.close(self->connection_, wire::kQuarantinedCondition,
                                    hosts::kQuarantineText);
                return;
            }
            if (!done) {
                log::warning("a host was refused",
                             {{"host", self->host_}, {"error", done.error().what}});
                const bool denied = done.error().code == Errc::denied;
                self->shared_.close(self->connection_,
                                    denied ? "amqp:unauthorized-access" : "amqp:internal-error",
                                    done.error().what);
                return;
            }
            delivery.settle(link::Disposition::accept);
            self->connected(result->mark);
        },
        store::Importance::urgent);
}

void AgentConnection::connected(const state::EventMark& mark) {
    if (ended_) return;
    const store::Stream& stream = shared_.state.stream();
    send(wire::encode(
        wire::OrchestratorHello{.protocol = wire::kProtocolMax,
                                .capabilities = {},
                                .version = EVENKEEL_VERSION,
                                .stream = stream.id,
                                .predecessor_stream = stream.predecessor,
                                .predecessor_revision = stream.predecessor_end,
                                .host = host_,
                                .heartbeat = shared_.heartbeat,
                                .backoff_base = backoff_base(shared_.allow_list.size()),
                                .events = {.stream = mark.stream, .seq = mark.seq}}));
    hellos_done_ = true;
    shared_.presence.record_message(host_, hosts::Arrival::now());
    last_event_ = 0;
    sent_up_to_ = 0;
    cancels_sent_ = false;
    log::info("a host is online", {{"host", host_}});
    lacks_schemas_ = true;
    schemas_asked_.clear();
    fetch_schemas();
}

void AgentConnection::release_later(const link::Delivery& delivery) {
    to_release_.push_back(delivery);
    if (retry_.pending()) return;
    retry_ = shared_.loop.after(kRetryDelay, [this] {
        for (const link::Delivery& one : std::exchange(to_release_, {})) {
            one.settle(link::Disposition::release);
        }
        last_event_ = 0;
        pump();
    });
}

void AgentConnection::end() {
    ended_ = true;
    retry_.cancel();
    to_release_.clear();
}

void AgentConnection::send_cancel(const std::string& command) {
    if (hellos_done_) send(wire::encode(wire::Cancel{.command = command}));
}

void AgentConnection::request(const wire::Request& request, PendingRequests::Callback callback) {
    if (!hellos_done_ || ended_) {
        shared_.loop.post([callback = std::move(callback)] {
            callback(fail(Errc::unavailable, "the host is not connected"));
        });
        return;
    }
    // The host has the request's whole timeout; the transport gets additional time.
    const std::string id =
        shared_.requests.open(connection_, request.timeout + kRetryDelay * 2, std::move(callback));
    const auto sent = shared_.send(connection_, wire::agent_address(host_), 0,
                                   {.body = wire::encode(request),
                                    .reply_to = std::string(wire::kRepliesAddress),
                                    .correlation_id = id,
                                    .durable = false});
    if (!sent) shared_.requests.answer(connection_, id, {.error = sent.error(), .result = {}});
}

}  // namespace evenkeel::bus
