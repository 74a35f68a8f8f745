#include "core/agent/uplink/uplink.hpp"

#include <type_traits>
#include <utility>
#include <variant>

#include "core/agent/lanes/collection_registry.hpp"
#include "core/agent/model/catalog.hpp"
#include "core/agent/requests/requests.hpp"
#include "core/agent/runs/admission.hpp"
#include "core/agent/store/journal.hpp"
#include "core/agent/uplink/facts.hpp"
#include "core/base/id.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/link/dialer.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {
namespace {

using link::Disposition;

// Where thousands dial at once, each waits for its turn in the kernel's queue at the orchestrator.
constexpr std::chrono::seconds kConnectLimit{30};

// Orchestrators of 0.1 do not send the condition: their text begins with "held: ".
bool is_quarantine(const link::Ending& ending) {
    return ending.condition == wire::kQuarantinedCondition ||
           (ending.condition == "amqp:unauthorized-access" &&
            ending.what.find("held: ") != std::string::npos);
}

}  // namespace

Uplink::Uplink(UplinkParts parts, run::Loop& loop, Options options)
    : parts_(parts),
      loop_(loop),
      options_(std::move(options)),
      handover_(parts, options_.identity),
      instance_(make_id("run")) {}

Uplink::~Uplink() {
    if (dialer_) dialer_->stop();
}

Result<void> Uplink::start() {
    link::Dialer::Options dial;
    dial.host = options_.host;
    dial.port = options_.port;
    dial.ca_file = options_.files.ca();
    dial.certificate_file = options_.files.certificate();
    dial.key_file = options_.files.key();
    dial.container_id = options_.identity.host;
    dial.idle_timeout = wire::kIdleHeartbeats * heartbeat_;
    dial.connect_timeout = kConnectLimit;
    dial.sources = {wire::agent_address(options_.identity.host)};
    dial.targets = {std::string(wire::kEventsAddress), std::string(wire::kRepliesAddress)};
    dial.backoff_base = options_.backoff_base;
    dial.backoff_cap = options_.backoff_cap;
    link::Dialer::Events events;
    events.on_up = [this] { on_up(); };
    events.on_down = [this](const link::Ending& ending) {
        if (linked_) on_down(ending);
        on_ended(ending);
    };
    events.on_failed = [this](const link::Ending& ending) {
        log::warning("no link to the orchestrator", {{"why", ending.what}});
        on_ended(ending);
    };
    events.on_message = [this](const std::string&, const link::Message& message,
                               const link::Delivery& delivery) { on_message(message, delivery); };
    events.on_settled = [this](const std::string&, std::uint64_t token, Disposition disposition) {
        if (disposition == Disposition::accept) last_sign_ns_ = now_monotonic_ns();
        // Any answer makes room for what the link was too busy for.
        token != kIgnored ? on_settled(token, disposition) : pump();
    };
    dialer_ = std::make_unique<link::Dialer>(std::move(dial), std::move(events), loop_.poster());
    return dialer_->start();
}

bool Uplink::send(std::string_view address, std::uint64_t token, std::string body, bool durable) {
    link::Message message;
    message.body = std::move(body);
    message.durable = durable;
    const auto sent = dialer_->send(std::string(address), token, std::move(message));
    if (!sent) log::debug("a message is not sent", {{"why", sent.error().what}});
    return sent.has_value();
}

void Uplink::on_up() {
    linked_ = true;
    wire::AgentHello hello;
    hello.version = EVENKEEL_VERSION;
    hello.stream = parts_.journal.store().stream();
    hello.boot_id = boot_id();
    hello.machine_id = machine_id();
    hello.instance = instance_;
    hello.name = host_name();
    hello.facts = facts();
    if (const auto reboot = parts_.journal.store().reboot_required(); reboot && *reboot)
        hello.facts.as_object().set("reboot_required", fact_of(**reboot));
    hello.collections = parts_.registry.infos();
    hello.commands = parts_.admission.mark();
    hello.first_event = parts_.journal.outbox().first();
    send(wire::kEventsAddress, kIgnored, wire::encode(hello), false);
    hello_timer_ =
        loop_.after(options_.hello_time, [this] { dial_again("no hello from the orchestrator"); });
}

void Uplink::on_down(const Error& error) {
    log::warning("the link to the orchestrator is down", {{"why", error.what}});
    linked_ = up_ = paused_ = digest_due_ = false;
    hello_timer_.cancel();
    beat_timer_.cancel();
    digest_timer_.cancel();
    pause_timer_.cancel();
    parts_.journal.outbox().rewind();
}

void Uplink::on_ended(const link::Ending& ending) {
    if (is_quarantine(ending)) on_refused(Refusal::quarantined, ending.what);
    if (ending.condition == wire::kRetiredCondition) on_refused(Refusal::retired, ending.what);
}

// Dialling at once would be refused again until an administrator has decided.
void Uplink::on_refused(Refusal refusal, const std::string& why) {
    if (std::exchange(refusal_, refusal) != refusal) {
        log::error(refusal == Refusal::retired
                       ? "the orchestrator has retired this machine: `evenkeel-agent enrol "
                         "--replace` enrols it again"
                       : "the orchestrator holds this machine: it has the identity of another",
                   {{"why", why}});
    }
    const auto pause =
        refusal == Refusal::retired ? options_.retired_pause : options_.quarantine_pause;
    refused_timer_ = loop_.after(std::chrono::milliseconds(0), [this, pause] {
        dialer_->stop();
        start_after(pause);
    });
}

void Uplink::start_after(std::chrono::milliseconds pause) {
    refused_timer_ = loop_.after(pause, [this] {
        const auto started = dialer_->start();
        if (started) return start_pauses_.reset();
        log::error("cannot dial the orchestrator", {{"why", started.error().what}});
        start_after(start_pauses_.next());
    });
}

void Uplink::dial_again(const std::string& why) {
    on_down({Errc::timeout, why});
    dialer_->end_link({Errc::timeout, why});
}

void Uplink::on_message(const link::Message& message, const link::Delivery& delivery) {
    last_sign_ns_ = now_monotonic_ns();
    auto decoded = wire::decode_to_agent(message.body);
    if (!decoded) {
        const bool is_unknown = decoded.error().code == Errc::unsupported;
        log::warning("a message is not understood", {{"why", decoded.error().what}});
        return delivery.settle(is_unknown ? Disposition::accept : Disposition::reject);
    }
    if (const auto* command = std::get_if<wire::Command>(&*decoded)) {
        if (!up_) return delivery.settle(Disposition::release);
        return parts_.admission.take(
            *command, [delivery](Disposition disposition) { delivery.settle(disposition); });
    }
    delivery.settle(Disposition::accept);
    if (const auto* hello = std::get_if<wire::OrchestratorHello>(&*decoded)) {
        on_hello(*hello);
    } else if (const auto* cancel = std::get_if<wire::Cancel>(&*decoded)) {
        parts_.admission.cancel(cancel->command);
    } else if (const auto* request = std::get_if<wire::Request>(&*decoded)) {
        on_request(*request, message);
    }
}

void Uplink::on_hello(const wire::OrchestratorHello& hello) {
    refusal_ = Refusal::none;
    if (up_ || !linked_) return;
    hello_timer_.cancel();
    if (auto chosen = wire::choose_protocol(hello.protocol, hello.protocol); !chosen) {
        log::error("the orchestrator speaks another version", {{"why", chosen.error().what}});
        return dial_again(chosen.error().what);
    }
    dialer_->confirm(hello.backoff_base);
    if (hello.host != options_.identity.host) {
        log::warning("the orchestrator knows this host by another id", {{"host", hello.host}});
    }
    if (hello.events.stream == parts_.journal.store().stream()) {
        if (hello.events.seq > parts_.journal.outbox().last()) on_rolled_back(hello.events.seq);
        parts_.journal.accepted_through(hello.events.seq);
    }
    handover_.on_hello(
        hello, [this, hello, alive = std::weak_ptr(alive_)](const Result<void>& done) {
            if (alive.expired() || !linked_ || up_) return;
            if (!done) return dial_again("cannot take over a new stream: " + done.error().what);
            on_handed_over(hello);
        });
}

// The orchestrator has more events of ours than this store has written: the store is an old copy.
// Numbers that the orchestrator has seen must not be used again, and a full report is due.
void Uplink::on_rolled_back(std::uint64_t seq) {
    log::error("the agent's store is older than what it has reported to the orchestrator",
               {{"events", std::to_string(seq)}});
    parts_.journal.skip_to(seq);
    parts_.journal.require_full_report();
}

void Uplink::on_handed_over(const wire::OrchestratorHello& hello) {
    up_ = true;
    stream_ = hello.stream;
    heartbeat_ = hello.heartbeat;
    digest_due_ = true;
    digest_after_ = parts_.journal.outbox().last();
    log::info("connected to the orchestrator", {{"version", hello.version}});
    beat();
    pump();
}

void Uplink::beat() {
    const auto silence_ns = now_monotonic_ns() - last_sign_ns_;
    const auto most_ns = static_cast<std::uint64_t>(
        std::chrono::nanoseconds(3 * heartbeat_ + heartbeat_ / 2).count());
    if (silence_ns > most_ns) return dial_again("three heartbeats were not accepted");
    send(wire::kEventsAddress, kIgnored, wire::encode(wire::Heartbeat{}), false);
    beat_timer_ = loop_.after_about(heartbeat_, [this] { beat(); });
}

void Uplink::on_request(const wire::Request& request, const link::Message& message) {
    if (message.reply_to != wire::kRepliesAddress) return;
    parts_.requests.answer(request,
                           [this, alive = std::weak_ptr(alive_),
                            correlation = message.correlation_id](const wire::Reply& reply) {
                               if (!alive.expired() && linked_) answer(correlation, reply);
                           });
}

void Uplink::answer(const std::string& correlation, const wire::Reply& reply) {
    link::Message message;
    message.body = wire::encode(reply);
    message.correlation_id = correlation;
    message.durable = false;
    const auto sent =
        dialer_->send(std::string(wire::kRepliesAddress), kIgnored, std::move(message));
    // A reply that is too large even when truncated becomes an error.
    if (!sent && sent.error().code == Errc::limit && !reply.error) {
        answer(correlation, wire::Reply{sent.error(), json::Object{}});
    }
}

}  // namespace evenkeel::agent
