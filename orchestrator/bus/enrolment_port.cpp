#include "orchestrator/bus/enrolment_port.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/link/listener.hpp"
#include "orchestrator/hosts/enrolment.hpp"

namespace evenkeel::bus {
namespace {

constexpr std::size_t kConnectionsMost = 1'000;
constexpr std::size_t kConnectionsPerAddressMost = 50;
constexpr int kFailuresMost = 20;  // of one address in a minute
constexpr std::chrono::minutes kForgiveAfter{1};

wire::EnrolAnswer refusal(const Error& error) {
    wire::EnrolAnswer answer;
    answer.error = error;
    return answer;
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
    };
    events.on_message = [this](std::uint64_t connection, const std::string&,
                               const link::Message& message, link::Delivery delivery) {
        receive(connection, message, std::move(delivery));
    };
    listener_ = std::make_unique<link::Listener>(
        std::move(options), std::move(policy), std::move(events),
        [&loop = parts.loop](std::function<void()> f) { loop.post(std::move(f)); });
}

EnrolmentPort::~EnrolmentPort() {
    stop();
}

Result<void> EnrolmentPort::start() {
    return listener_->start();
}

void EnrolmentPort::stop() {
    forgive_.cancel();
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

bool EnrolmentPort::is_throttled(const std::string& address) const {
    const auto found = failures_.find(address);
    return found != failures_.end() && found->second >= kFailuresMost;
}

void EnrolmentPort::count_failure(const std::string& address) {
    ++failures_[address];
    if (forgive_.pending()) return;
    forgive_ = parts_.loop.after(kForgiveAfter, [this] { failures_.clear(); });
}

void EnrolmentPort::receive(std::uint64_t connection, const link::Message& message,
                            link::Delivery delivery) {
    const auto ask = wire::decode_enrol_request(message.body);
    if (!ask) {
        count_failure(address_of(connection));
        delivery.settle(link::Disposition::reject);
        return;
    }
    if (is_throttled(address_of(connection))) {
        answer(connection, message,
               refusal({Errc::busy, "too many refused enrolments from this address"}), delivery);
        return;
    }
    enrol(connection, message, *ask, delivery);
}

void EnrolmentPort::enrol(std::uint64_t connection, const link::Message& message,
                          const wire::EnrolRequest& ask, const link::Delivery& delivery) {
    const std::int64_t now = now_unix_ms();
    // The token first: signing for strangers is work that they must not get for nothing.
    auto token = parts_.state.read().and_then(
        [&](const state::Reading& view) { return hosts::check_token(view, ask, now); });
    auto candidate = token ? hosts::make_candidate(parts_.authority, ask)
                           : Result<hosts::Candidate>(fail(token.error()));
    if (!candidate) {
        log::warning("an enrolment was refused", {{"address", address_of(connection)},
                                                  {"name", printable(ask.name.substr(0, 100))},
                                                  {"error", candidate.error().what}});
        count_failure(address_of(connection));
        answer(connection, message, refusal(candidate.error()), delivery);
        return;
    }
    auto enrolled = std::make_shared<hosts::Enrolled>();
    parts_.state.submit(
        [ask, candidate = *candidate, now, enrolled,
         address = address_of(connection)](state::Edit& edit) -> Result<void> {
            *enrolled = EK_TRY(hosts::enrol(edit, ask, candidate, now));
            if (!enrolled->fresh) return {};
            return edit.audit(state::host_act(enrolled->host, ask.name, "enrol", address));
        },
        [this, connection, message, enrolled, delivery](const Result<void>& done) {
            if (!done) {
                answer(connection, message, refusal(done.error()), delivery);
                return;
            }
            parts_.allow_list.add(enrolled->fingerprint, enrolled->host);
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

void EnrolmentPort::answer(std::uint64_t connection, const link::Message& asked,
                           const wire::EnrolAnswer& answer, const link::Delivery& delivery) {
    const auto sent = listener_->send(connection, asked.reply_to, 0,
                                      {.body = wire::encode(answer),
                                       .reply_to = "",
                                       .correlation_id = asked.correlation_id,
                                       .durable = false});
    if (!sent) log::debug("an enrolment's answer found no way", {{"error", sent.error().what}});
    delivery.settle(link::Disposition::accept);
}

}  // namespace evenkeel::bus
