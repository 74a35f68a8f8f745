#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <proton/connection_driver.h>

#include "tls_stream.hpp"

struct pn_message_t;

namespace evenkeel::herd {

struct Message {
    std::string body;
    std::string reply_to = {};
    std::string correlation_id = {};
    bool durable = false;
};

// One AMQP connection of the herd, over Proton's engine and without its container: a container
// would need a thread of its own and a TLS context for each certificate. It is driven by whoever
// polls its socket, and does nothing by itself. The SASL layer is written by hand, because Proton
// reads the outcome of TLS only from its own TLS.
class Link {
  public:
    enum class Answer { accepted, rejected, released };

    // Told during on_ready(), tick() and send(); none of these may destroy the link.
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual void on_attached() = 0;
        // The message is accepted when this returns.
        virtual void on_message(const Message& message) = 0;
        virtual void on_settled(std::uint64_t token, Answer answer) = 0;
    };

    struct Plan {
        std::string mechanism;  // of SASL
        std::string container_id;
        std::string source;  // to receive from; empty: an address that the peer makes
        std::vector<std::string> targets;
        std::uint32_t idle_timeout_ms = 50'000;
    };

    Link(TlsStream stream, Plan plan, Owner& owner);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    int fd() const { return stream_.fd(); }
    const TlsStream& stream() const { return stream_; }
    // The address that the peer made for us to receive from.
    const std::string& reply_address() const { return reply_address_; }

    // The socket can be read or written again (edge-triggered).
    void on_ready();
    // Proton's own clock: idle timeouts. Every few seconds.
    void tick(std::uint64_t now_ms);
    // `target` counts in the plan's targets; `token` comes back.
    void send(std::size_t target, std::uint64_t token, const Message& message);
    void close();

    bool is_attached() const { return attached_; }
    bool has_ended() const { return ended_; }
    // Why it has ended, and the AMQP condition behind it.
    const std::string& why() const { return why_; }
    const std::string& condition() const { return condition_; }

  private:
    enum class Layer { tls, sasl, amqp };

    void advance();
    void start_sasl();
    void read_sasl();
    bool take_sasl_frame();
    void write_raw();
    void start_amqp();
    void feed(std::string_view bytes);
    bool read_amqp();
    bool write_amqp();
    void handle_events();
    void handle(pn_event_t* event);
    void on_link_open(pn_link_t* link);
    void on_delivery(pn_delivery_t* delivery);
    void receive(pn_delivery_t* delivery);
    void end(std::string why);

    TlsStream stream_;
    const Plan plan_;
    Owner& owner_;
    Layer layer_ = Layer::tls;
    std::string sasl_in_, sasl_out_;
    pn_connection_driver_t driver_{};
    std::vector<pn_link_t*> senders_;
    std::size_t open_links_ = 0;
    std::string reply_address_;
    bool attached_ = false;
    bool ended_ = false;
    std::string why_, condition_;
};

}  // namespace evenkeel::herd
