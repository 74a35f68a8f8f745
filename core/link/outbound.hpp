#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <proton/connection.hpp>
#include <proton/container.hpp>
#include <proton/session.hpp>
#include <proton/ssl.hpp>

#include "core/base/result.hpp"
#include "core/link/remote.hpp"
#include "core/link/safe_handler.hpp"

namespace evenkeel::link {

// "amqps://host:port", with brackets around an IPv6 address.
std::string url_of(const std::string& host, std::uint16_t port);

// Reads the certificates. Costly in time and memory (the whole of OpenSSL's context): made once and
// used for all connections. `invalid` when they cannot be read.
Result<proton::ssl_client_options> read_certificates(const Remote& remote);

// One attempt to connect to an orchestrator: opens a session once the peer has admitted us, and
// aborts when not settled() by the deadline. [proton]
class Outbound : public SafeHandler {
  public:
    Outbound(Remote remote, const proton::ssl_client_options& certificates,
             std::chrono::milliseconds limit);

    // Starts it; this object gets the connection's callbacks.
    void dial(proton::container& container);
    // Why it ended, once it has. `denied` when the peer refused us with a reason, or failed
    // verification. A peer whose TLS rejects our certificate only closes the socket, which is no
    // `denied`.
    Ending ending() const;
    // Also called when the container has ended, so it may be called twice.
    void transport_closed() override;

  protected:
    // The session is open: open the links.
    virtual void ready(proton::session session) = 0;
    // Whether the attempt is over or has succeeded, so that the deadline does not apply any more.
    virtual bool settled() const = 0;

    // Keeps the first of several errors.
    void fail_with(Error error, std::string condition = {});
    // The same, and ends the connection, with `condition` for the peer if there is one.
    void abort(Error error, const std::string& condition = {}, const std::string& text = {});
    // Ends the connection, by force when the peer does not answer soon.
    void close(const std::string& condition = {}, const std::string& text = {});

  private:
    void connection_opened(proton::connection& connection) override;
    void session_offered(proton::session& session) override;
    void failed(const proton::error_condition& condition) override;
    void cut_off(const std::string& condition, const std::string& text) override;
    void watch(proton::container& container);

    const Remote remote_;
    const proton::ssl_client_options certificates_;
    std::chrono::steady_clock::time_point deadline_;
    proton::connection connection_;
    bool closing_ = false;
    bool closed_ = false;
    std::optional<Ending> ending_;
};

}  // namespace evenkeel::link
