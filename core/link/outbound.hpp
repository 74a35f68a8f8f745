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

// One attempt at one connection to an orchestrator: opens a session
// once the peer has let us in, and gives up when not settled() by the deadline. [proton]
class Outbound : public SafeHandler {
  public:
    Outbound(Remote remote, const proton::ssl_client_options& certificates,
             std::chrono::milliseconds limit);

    // Begins it; the connection's callbacks come here.
    void dial(proton::container& container);
    // Why it ended, once it has. `denied` when the peer refused us or is not who it should be, as
    // far as it said so: one whose TLS does not take our certificate just hangs up.
    Ending ending() const;
    // Also called when the container has ended without it; may come twice.
    void transport_closed() override;

  protected:
    // The session is there: open the links.
    virtual void ready(proton::session session) = 0;
    // There is nothing to wait for any more: the deadline does not count.
    virtual bool settled() const = 0;

    // Keeps the first of several errors.
    void fail_with(Error error, std::string condition = {});
    // The same, and ends the connection, telling the peer `condition` when there is one.
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
