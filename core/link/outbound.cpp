#include "core/link/outbound.hpp"

#include <utility>

#include <proton/connection_options.hpp>
#include <proton/error_condition.hpp>
#include <proton/session.h>
#include <proton/work_queue.hpp>

#include "core/link/certificates.hpp"
#include "core/link/raw.hpp"
#include "core/link/traffic.hpp"

namespace evenkeel::link {
namespace {

// How often the deadline is checked. A container's timer cannot be cancelled, and the container
// does not end before its timers have fired, so it must be short.
constexpr std::uint64_t kWatchMs = 50;
// How long the peer may take to answer our close.
constexpr std::chrono::seconds kCloseLimit{2};

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

Error to_error(const proton::error_condition& condition) {
    const std::string text = condition.what();
    Errc code = Errc::unavailable;
    if (condition.name() == "amqp:unauthorized-access" || contains(text, "certificate") ||
        contains(text, "unknown ca")) {
        code = Errc::denied;
    } else if (contains(text, "idle-timeout expired")) {
        code = Errc::timeout;
    }
    return {code, text};
}

}  // namespace

std::string url_of(const std::string& host, std::uint16_t port) {
    const bool bare_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
    return "amqps://" + (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<proton::ssl_client_options> read_certificates(const Remote& remote) {
    EK_CHECK(check_certificates(remote.ca_file, remote.certificate_file, remote.key_file));
    try {
        const auto verify = proton::ssl::VERIFY_PEER_NAME;
        if (remote.certificate_file.empty()) {
            return proton::ssl_client_options(remote.ca_file, verify);
        }
        return proton::ssl_client_options(
            proton::ssl_certificate(remote.certificate_file, remote.key_file), remote.ca_file,
            verify);
    } catch (const std::exception& error) {
        return fail(Errc::invalid, std::string("cannot use the certificates: ") + error.what());
    }
}

Outbound::Outbound(Remote remote, const proton::ssl_client_options& certificates,
                   std::chrono::milliseconds limit)
    : remote_(std::move(remote)),
      certificates_(certificates),
      deadline_(std::chrono::steady_clock::now() + limit) {}

void Outbound::dial(proton::container& container) {
    const auto idle_ms = static_cast<std::uint64_t>(remote_.idle_timeout.count());
    proton::connection_options options;
    options.handler(*this)
        .ssl_client_options(certificates_)
        .sasl_allowed_mechs(remote_.certificate_file.empty() ? "ANONYMOUS" : "EXTERNAL")
        .virtual_host(kServerName)
        .container_id(remote_.container_id)
        .max_frame_size(kFrameBytes)
        .idle_timeout(proton::duration(idle_ms));
    container.connect(url_of(remote_.host, remote_.port), options);
    watch(container);
}

void Outbound::watch(proton::container& container) {
    container.schedule(proton::duration(kWatchMs), [this, &container] {
        if (closed_ || (settled() && !closing_)) return;
        if (std::chrono::steady_clock::now() < deadline_) return watch(container);
        fail_with({Errc::timeout, "no answer from " + url_of(remote_.host, remote_.port)});
        container.stop();
    });
}

void Outbound::connection_opened(proton::connection& connection) {
    connection_ = connection;
    proton::session session = connection.open_session();
    pn_session_set_incoming_capacity(raw(session), kSessionBytes);
    ready(session);
}

void Outbound::session_offered(proton::session& session) {
    session.connection().close({"amqp:not-allowed", "only the dialling side opens sessions"});
}

void Outbound::failed(const proton::error_condition& condition) {
    fail_with(to_error(condition), condition.name());
}

void Outbound::cut_off(const std::string& condition, const std::string& text) {
    abort({Errc::unavailable, condition + ": " + text}, condition, text);
}

void Outbound::fail_with(Error error, std::string condition) {
    if (!ending_) ending_ = Ending{{std::move(error)}, std::move(condition)};
}

void Outbound::abort(Error error, const std::string& condition, const std::string& text) {
    fail_with(std::move(error), condition);
    close(condition, text);
}

void Outbound::close(const std::string& condition, const std::string& text) {
    if (closing_ || closed_ || !connection_) return;
    closing_ = true;
    deadline_ = std::chrono::steady_clock::now() + kCloseLimit;
    if (condition.empty()) {
        connection_.close();
    } else {
        connection_.close({condition, text});
    }
    watch(connection_.container());
}

void Outbound::transport_closed() {
    closed_ = true;
    connection_ = proton::connection();
}

Ending Outbound::ending() const {
    return ending_.value_or(Ending{{Errc::unavailable, "the peer closed the connection"}, ""});
}

}  // namespace evenkeel::link
