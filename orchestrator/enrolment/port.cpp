#include "orchestrator/enrolment/port.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/crypto/x509.hpp"
#include "core/link/listener.hpp"
#include "orchestrator/enrolment/token_rules.hpp"
#include "orchestrator/hosts/names.hpp"
#include "orchestrator/state/audit.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/enrolments.hpp"
#include "orchestrator/state/state.hpp"

namespace evenkeel::enrolment {
namespace {

// Beside those that wait to be accepted there is room for those with a token.
constexpr std::size_t kRequestsMost = 2 * kPendingMost;
constexpr std::size_t kConnectionsPerSourceMost = 50;
// Connections without a request when so many requests are in progress.
constexpr std::size_t kWaitingLeast = 200;

const Error kUndecided{Errc::timeout, "nobody has decided yet: ask again"};

std::uint64_t in_ns(std::chrono::nanoseconds duration) {
    return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

Port::Port(Parts parts, const Options& options)
    : parts_(std::move(parts)),
      discovery_(options.discovery),
      wait_most_(options.wait_most),
      signer_(parts_.loop, parts_.sign, options.signatures_waiting_most) {
    listen(options);
    parts_.state.listen([this](const state::Changes& changes) { on_committed(changes); });
}

Port::~Port() {
    stop();
}

void Port::listen(const Options& from) {
    link::Listener::Options options;
    options.host = from.host;
    options.port = from.port;
    options.certificate_file = from.certificate_file;
    options.key_file = from.key_file;
    options.connections_max = kRequestsMost;
    options.waiting_min = kWaitingLeast;
    options.connections_per_source_max = kConnectionsPerSourceMost;
    options.request_timeout = from.request_timeout;
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
        waiting_.remove(connection);
    };
    events.on_message = [this](std::uint64_t connection, const std::string&,
                               const link::Message& message, const link::Delivery& delivery) {
        auto body = wire::decode_enrol_request(message.body);
        const std::string address = addresses_[connection];
        if (!body) {
            failures_.take(run::source_of(address), now_monotonic_ns());
            delivery.settle(link::Disposition::reject);
            return listener_->await_request(connection);
        }
        receive({.connection = connection,
                 .address = address,
                 .reply_to = message.reply_to,
                 .correlation_id = message.correlation_id,
                 .body = *std::move(body),
                 .delivery = delivery});
    };
    listener_ = std::make_unique<link::Listener>(std::move(options), std::move(policy),
                                                 std::move(events), parts_.loop.poster());
}

Result<void> Port::start() {
    return listener_->start();
}

void Port::stop() {
    wait_ends_.cancel();
    waiting_.clear();
    addresses_.clear();
    listener_->stop();
    signer_.stop();
}

std::uint16_t Port::port() const {
    return listener_->port();
}

void Port::receive(Request request) {
    if (failures_.is_full(run::source_of(request.address), now_monotonic_ns())) {
        return refuse(request, {Errc::busy, "too many refused enrolments from this address"});
    }
    const auto shared = std::make_shared<const Request>(std::move(request));
    if (!shared->body.enrols) return identify(shared);
    if (shared->body.token.empty()) return announce(shared);
    enrol(shared);
}

void Port::identify(const SharedRequest& request) {
    const auto enrolled =
        parts_.state.read().and_then([&](const state::Snapshot& view) -> Result<Enrolled> {
            EK_CHECK(crypto::check_request(request->body.csr));
            return enrolment::identify(view,
                                       EK_TRY(crypto::request_key_fingerprint(request->body.csr)));
        });
    if (!enrolled) return refuse_invalid(*request, enrolled.error());
    welcome(*request, *enrolled);
}

void Port::enrol(const SharedRequest& request) {
    // The token first: signing for strangers is work that they must not get for nothing.
    auto candidate =
        parts_.state.read().and_then([&](const state::Snapshot& view) -> Result<Candidate> {
            EK_CHECK(check_token(view, request->body, now_unix_ms()));
            return find_candidate(view, request->body);
        });
    if (!candidate) return refuse_invalid(*request, candidate.error());
    signer_.sign(request->body.csr, candidate->host,
                 [this, request, candidate = *candidate](const Result<Certificate>& made) mutable {
                     if (!is_connected(*request)) return;  // it asks again, with the same token
                     if (!made) return refuse_invalid(*request, made.error());
                     candidate.certificate = *made;
                     enrol_candidate(request, candidate);
                 });
}

void Port::refuse_invalid(const Request& request, const Error& error) {
    log::warning("an enrolment was refused", {{"address", request.address},
                                              {"name", printable(request.body.name.substr(0, 100))},
                                              {"error", error.what}});
    // That we have too much to do is not its failure.
    if (error.code != Errc::busy) {
        failures_.take(run::source_of(request.address), now_monotonic_ns());
    }
    refuse(request, error);
}

void Port::enrol_candidate(const SharedRequest& request, const Candidate& candidate) {
    auto enrolled = std::make_shared<Enrolled>();
    parts_.state.submit(
        [request, candidate, enrolled, now = now_unix_ms()](state::Edit& edit) -> Result<void> {
            *enrolled =
                EK_TRY(enrolment::enrol(edit, request->body, candidate, now, request->address));
            if (!enrolled->fresh) return {};
            return edit.audit(state::host_audit_context(
                enrolled->host, hosts::tidy_name(request->body.name),
                enrolled->replaces ? "replace" : "enrol", request->address));
        },
        [this, request, enrolled](const Result<void>& done) {
            if (!done) return refuse(*request, done.error());
            log::info(enrolled->fresh ? "a host has enrolled" : "a host has enrolled again",
                      {{"host", enrolled->host}, {"address", request->address}});
            welcome(*request, *enrolled);
        });
}

void Port::announce(const SharedRequest& request) {
    if (!discovery_) {
        return refuse(*request, {Errc::denied, "machines without a token are not taken here"});
    }
    // Now and not when somebody has accepted it.
    if (const auto good = crypto::check_request(request->body.csr); !good) {
        return refuse_invalid(*request, good.error());
    }
    const auto key = crypto::request_key_fingerprint(request->body.csr);
    if (!key) return refuse(*request, key.error());
    const auto known = parts_.state.read().and_then(
        [&](const state::Snapshot& view) { return view.enrolments().find(*key); });
    if (!known) return refuse(*request, known.error());
    if (*known) return settle(**known, request);
    make_pending(request);
}

void Port::make_pending(const SharedRequest& request) {
    // Everybody may announce a key; a flood of new ones is a flood of writes.
    const std::string source = run::source_of(request->address);
    failures_.take(source, now_monotonic_ns());
    auto made = std::make_shared<state::Enrolment>();
    parts_.state.submit(
        [request, source, waiting = waiting_.keys(), made,
         now = now_unix_ms()](state::Edit& edit) -> Result<void> {
            *made = EK_TRY(enrolment::announce(edit, request->body, source, waiting, now));
            return {};
        },
        [this, request, made](const Result<void>& done) {
            if (!done) return refuse(*request, done.error());
            log::info("a machine waits to be accepted", {{"enrolment", made->id()},
                                                         {"name", made->name},
                                                         {"address", made->address},
                                                         {"fingerprint", made->fingerprint}});
            settle(*made, request);
        });
}

void Port::settle(const state::Enrolment& enrolment, const SharedRequest& request) {
    if (!is_connected(*request)) return;
    if (enrolment.state == state::EnrolmentState::pending)
        return wait(enrolment.fingerprint, request);
    if (enrolment.state == state::EnrolmentState::active) return certify(enrolment, request);
    refuse(*request, {Errc::denied, "this machine was " + std::string(to_string(enrolment.state))});
}

void Port::wait(const std::string& key, const SharedRequest& request) {
    request->delivery.settle(link::Disposition::accept);
    const auto before = waiting_.add(key, request, now_monotonic_ns() + in_ns(wait_most_));
    if (before) refuse(*before, kUndecided);
    set_timer();
}

// A commit may have decided on some of those that wait. A machine whose enrolment was erased to
// make room for others continues to wait, and then asks again.
void Port::on_committed(const state::Changes& changes) {
    for (const std::string& key : changes.enrolments) {
        if (!waiting_.contains(key)) continue;
        const auto found = parts_.state.read().and_then(
            [&](const state::Snapshot& view) { return view.enrolments().find(key); });
        if (!found || !*found || (*found)->state == state::EnrolmentState::pending) continue;
        settle(**found, waiting_.take(key));
    }
}

void Port::on_wait_ended() {
    for (const SharedRequest& request : waiting_.take_ended(now_monotonic_ns()))
        refuse(*request, kUndecided);
    set_timer();
}

void Port::set_timer() {
    const auto end_ns = waiting_.next_end_ns();
    if (!end_ns || wait_ends_.pending()) return;
    const std::uint64_t now_ns = now_monotonic_ns();
    const std::chrono::nanoseconds left(*end_ns > now_ns ? *end_ns - now_ns : 0);
    wait_ends_ = parts_.loop.after(left, [this] { on_wait_ended(); });
}

void Port::certify(const state::Enrolment& enrolment, const SharedRequest& request) {
    if (!enrolment.certificate.empty()) return keep_certificate(enrolment.fingerprint, {}, request);
    signer_.sign(request->body.csr, enrolment.host,
                 [this, key = enrolment.fingerprint, request](const Result<Certificate>& made) {
                     if (!is_connected(*request)) return;
                     if (!made) return refuse(*request, made.error());
                     keep_certificate(key, *made, request);
                 });
}

void Port::keep_certificate(const std::string& key, const Certificate& certificate,
                            const SharedRequest& request) {
    auto enrolled = std::make_shared<Enrolled>();
    parts_.state.submit(
        [key, certificate, enrolled](state::Edit& edit) -> Result<void> {
            *enrolled = EK_TRY(enrolment::certify(edit, key, certificate));
            return {};
        },
        [this, request, enrolled](const Result<void>& done) {
            if (!done) return refuse(*request, done.error());
            log::info("an accepted machine has its certificate", {{"host", enrolled->host}});
            welcome(*request, *enrolled);
        });
}

void Port::welcome(const Request& request, const Enrolled& enrolled) {
    answer(request, {.host = enrolled.host,
                     .certificate = enrolled.certificate.pem,
                     .ca = parts_.authority,
                     .bus_port = parts_.bus_port(),
                     .error = {}});
}

void Port::refuse(const Request& request, const Error& error) {
    wire::EnrolAnswer refusal;
    refusal.error = error;
    answer(request, refusal);
}

void Port::answer(const Request& request, const wire::EnrolAnswer& answer) {
    const auto sent = listener_->send(request.connection, request.reply_to, 0,
                                      {.body = wire::encode(answer),
                                       .reply_to = "",
                                       .correlation_id = request.correlation_id,
                                       .durable = false});
    if (!sent)
        log::debug("the answer to an enrolment could not be delivered",
                   {{"error", sent.error().what}});
    request.delivery.settle(link::Disposition::accept);
    listener_->await_request(request.connection);
}

}  // namespace evenkeel::enrolment
