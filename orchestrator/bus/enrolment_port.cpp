#include "orchestrator/bus/enrolment_port.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/link/listener.hpp"
#include "orchestrator/hosts/discovery.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/state/enrolments.hpp"

namespace evenkeel::bus {
namespace {

// Beside those that wait to be accepted there is room for those with a token.
constexpr std::size_t kConnectionsMost = 2 * hosts::kPendingMost;
constexpr std::size_t kConnectionsPerAddressMost = 50;
constexpr std::chrono::milliseconds kLook{250};  // at those that wait

wire::EnrolAnswer refusal(const Error& error) {
    wire::EnrolAnswer answer;
    answer.error = error;
    return answer;
}

wire::EnrolAnswer pending() {
    return refusal({Errc::timeout, "nobody has decided yet: ask again"});
}

}  // namespace

EnrolmentPort::EnrolmentPort(const Parts& parts, const Endpoint& endpoint,
                             std::function<std::uint16_t()> bus_port)
    : parts_(parts), bus_port_(std::move(bus_port)) {
    link::Listener::Options options;
    options.host = endpoint.host;
    options.port = endpoint.port;
    options.certificate_file = endpoint.certificate_file;
    options.key_file = endpoint.key_file;
    options.connections_max = kConnectionsMost;
    options.connections_per_address_max = kConnectionsPerAddressMost;
    options.message_bytes_max = wire::kEnrolBytesMost;
    options.links_max = 2;
    options.credit = 4;
    link::Listener::Policy policy;
    policy.admit = [](const link::Peer&) { return std::optional<std::string>("stranger"); };
    policy.may_attach = [](const link::Peer&, const std::string& address,
                           link::Direction direction) {
        return direction == link::Direction::outgoing ? address.empty()
                                                      : address == wire::kEnrolAddress;
    };
    link::Listener::Events events;
    events.on_connected = [this](const link::Peer& peer) {
        addresses_[peer.connection] = peer.address;
    };
    events.on_disconnected = [this](std::uint64_t connection, const std::string&) {
        addresses_.erase(connection);
        std::erase_if(waiting_,
                      [&](const auto& one) { return one.second.connection == connection; });
    };
    events.on_message = [this](std::uint64_t connection, const std::string&,
                               const link::Message& message, link::Delivery delivery) {
        receive(connection, message, std::move(delivery));
    };
    listener_ = std::make_unique<link::Listener>(
        std::move(options), std::move(policy), std::move(events),
        [&loop = parts.loop](std::function<void()> f) { loop.post(std::move(f)); });
    parts_.state.listen([this](const state::Changes& changes) {
        changed_ = changed_ || !changes.enrolments.empty();
    });
}

EnrolmentPort::~EnrolmentPort() {
    stop();
}

Result<void> EnrolmentPort::start() {
    return listener_->start();
}

void EnrolmentPort::stop() {
    look_.cancel();
    waiting_.clear();
    listener_->stop();
}

std::uint16_t EnrolmentPort::port() const {
    return listener_->port();
}

const std::string& EnrolmentPort::address_of(std::uint64_t connection) const {
    static const std::string kNone;
    const auto found = addresses_.find(connection);
    return found == addresses_.end() ? kNone : found->second;
}

void EnrolmentPort::receive(std::uint64_t connection, const link::Message& message,
                            link::Delivery delivery) {
    const auto ask = wire::decode_enrol_request(message.body);
    const std::string source = run::source_of(address_of(connection));
    if (!ask) {
        failures_.take(source, now_monotonic_ns());
        delivery.settle(link::Disposition::reject);
        return;
    }
    if (failures_.is_full(source, now_monotonic_ns())) {
        answer(connection, message,
               refusal({Errc::busy, "too many refused enrolments from this address"}), delivery);
        return;
    }
    if (ask->token.empty()) return announce(connection, message, *ask, delivery);
    enrol(connection, message, *ask, delivery);
}

void EnrolmentPort::announce(std::uint64_t connection, const link::Message& message,
                             const wire::EnrolRequest& ask, const link::Delivery& delivery) {
    if (!parts_.discovery) {
        return answer(connection, message,
                      refusal({Errc::denied, "machines without a token are not taken here"}),
                      delivery);
    }
    // Everybody may announce a key; a flood of new ones is a flood of writes.
    const std::string source = run::source_of(address_of(connection));
    const auto key = crypto::request_key_fingerprint(ask.csr);
    const auto known = key ? parts_.state.read().and_then([&](const state::Snapshot& view) {
        return view.enrolments().find(*key);
    })
                           : Result<std::optional<state::Enrolment>>(fail(key.error()));
    if (!known) return answer(connection, message, refusal(known.error()), delivery);
    if (*known) {
        delivery.settle(link::Disposition::accept);
        return settle(**known, connection, message);
    }
    failures_.take(source, now_monotonic_ns());
    std::set<std::string> waiting;
    for (const auto& [id, wait] : waiting_) waiting.insert(id);
    auto made = std::make_shared<state::Enrolment>();
    parts_.state.submit(
        [ask, source, waiting = std::move(waiting), made,
         now = now_unix_ms()](state::Edit& edit) -> Result<void> {
            *made = EK_TRY(hosts::announce(edit, ask, source, waiting, now));
            return {};
        },
        [this, connection, message, made, delivery](const Result<void>& done) {
            if (!done) return answer(connection, message, refusal(done.error()), delivery);
            log::info("a machine waits to be accepted", {{"enrolment", made->id()},
                                                         {"name", made->name},
                                                         {"address", made->address},
                                                         {"fingerprint", made->fingerprint}});
            delivery.settle(link::Disposition::accept);
            settle(*made, connection, message);
        });
}

void EnrolmentPort::settle(const state::Enrolment& enrolment, std::uint64_t connection,
                           const link::Message& asked) {
    if (!addresses_.contains(connection)) return;
    if (enrolment.state == state::EnrolmentState::pending) {
        const auto older = waiting_.find(enrolment.fingerprint);
        if (older != waiting_.end()) send(older->second.connection, older->second.asked, pending());
        const auto wait = std::chrono::nanoseconds(kWaitMost).count();
        waiting_[enrolment.fingerprint] = {
            .connection = connection,
            .asked = asked,
            .until_ns = now_monotonic_ns() + static_cast<std::uint64_t>(wait)};
        if (!look_.pending()) look_ = parts_.loop.after(kLook, [this] { look(); });
        return;
    }
    if (enrolment.state != state::EnrolmentState::active) {
        return send(
            connection, asked,
            refusal({Errc::denied, "this machine was " + std::string(to_string(enrolment.state))}));
    }
    certify(enrolment, connection, asked);
}

void EnrolmentPort::certify(const state::Enrolment& enrolment, std::uint64_t connection,
                            const link::Message& asked) {
    std::string certificate = enrolment.certificate;
    if (certificate.empty()) {
        const auto ask = wire::decode_enrol_request(asked.body);
        auto made = ask ? parts_.authority.sign_host(ask->csr, enrolment.host)
                        : Result<std::string>(fail(ask.error()));
        if (!made) return send(connection, asked, refusal(made.error()));
        certificate = *std::move(made);
    }
    auto enrolled = std::make_shared<hosts::Enrolled>();
    parts_.state.submit(
        [key = enrolment.fingerprint, certificate, enrolled](state::Edit& edit) -> Result<void> {
            *enrolled = EK_TRY(hosts::certify(edit, key, certificate));
            return {};
        },
        [this, connection, asked, enrolled](const Result<void>& done) {
            if (!done) return send(connection, asked, refusal(done.error()));
            log::info("an accepted machine has its certificate", {{"host", enrolled->host}});
            send(connection, asked,
                 {.host = enrolled->host,
                  .certificate = enrolled->certificate,
                  .ca = parts_.authority.certificate(),
                  .bus_port = bus_port_(),
                  .error = {}});
        });
}

void EnrolmentPort::look() {
    const std::uint64_t now = now_monotonic_ns();
    std::vector<std::pair<state::Enrolment, Wait>> decided;
    const bool changed = std::exchange(changed_, false);
    if (const auto view = parts_.state.read(); changed && view) {
        for (const auto& [key, wait] : waiting_) {
            const auto one = view->enrolments().find(key);
            // Forgotten to make room: its agent asks anew.
            if (!one || !*one) continue;
            if ((*one)->state != state::EnrolmentState::pending) decided.emplace_back(**one, wait);
        }
    }
    for (const auto& [enrolment, wait] : decided) {
        waiting_.erase(enrolment.fingerprint);
        settle(enrolment, wait.connection, wait.asked);
    }
    std::erase_if(waiting_, [&](const auto& one) {
        if (one.second.until_ns > now) return false;
        send(one.second.connection, one.second.asked, pending());
        return true;
    });
    if (!waiting_.empty()) look_ = parts_.loop.after(kLook, [this] { look(); });
}

void EnrolmentPort::enrol(std::uint64_t connection, const link::Message& message,
                          const wire::EnrolRequest& ask, const link::Delivery& delivery) {
    const std::int64_t now = now_unix_ms();
    // The token first: signing for strangers is work that they must not get for nothing.
    const auto candidate =
        parts_.state.read().and_then([&](const state::Snapshot& view) -> Result<hosts::Candidate> {
            EK_CHECK(hosts::check_token(view, ask, now));
            return hosts::make_candidate(view, parts_.authority, ask);
        });
    if (!candidate) {
        log::warning("an enrolment was refused", {{"address", address_of(connection)},
                                                  {"name", printable(ask.name.substr(0, 100))},
                                                  {"error", candidate.error().what}});
        failures_.take(run::source_of(address_of(connection)), now_monotonic_ns());
        answer(connection, message, refusal(candidate.error()), delivery);
        return;
    }
    auto enrolled = std::make_shared<hosts::Enrolled>();
    parts_.state.submit(
        [ask, candidate = *candidate, now, enrolled,
         address = address_of(connection)](state::Edit& edit) -> Result<void> {
            *enrolled = EK_TRY(hosts::enrol(edit, ask, candidate, now, address));
            if (!enrolled->fresh) return {};
            return edit.audit(state::host_audit_context(enrolled->host, hosts::tidy_name(ask.name),
                                                        "enrol", address));
        },
        [this, connection, message, enrolled, delivery](const Result<void>& done) {
            if (!done) {
                answer(connection, message, refusal(done.error()), delivery);
                return;
            }
            log::info(enrolled->fresh ? "a host has enrolled" : "a host has asked again",
                      {{"host", enrolled->host}, {"address", address_of(connection)}});
            answer(connection, message,
                   {.host = enrolled->host,
                    .certificate = enrolled->certificate,
                    .ca = parts_.authority.certificate(),
                    .bus_port = bus_port_(),
                    .error = {}},
                   delivery);
        });
}

void EnrolmentPort::send(std::uint64_t connection, const link::Message& asked,
                         const wire::EnrolAnswer& answer) {
    const auto sent = listener_->send(connection, asked.reply_to, 0,
                                      {.body = wire::encode(answer),
                                       .reply_to = "",
                                       .correlation_id = asked.correlation_id,
                                       .durable = false});
    if (!sent) log::debug("an enrolment's answer found no way", {{"error", sent.error().what}});
}

void EnrolmentPort::answer(std::uint64_t connection, const link::Message& asked,
                           const wire::EnrolAnswer& answer, const link::Delivery& delivery) {
    send(connection, asked, answer);
    delivery.settle(link::Disposition::accept);
}

}  // namespace evenkeel::bus
