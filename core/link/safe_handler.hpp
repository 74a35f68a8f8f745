#pragma once

#include <string>

#include <proton/connection.hpp>
#include <proton/messaging_handler.hpp>

#include "core/link/message.hpp"

namespace evenkeel::link {

// Contains exceptions: one that leaves a callback of Proton stops the whole container, and so does
// the default on_error. Every callback of the binding is overridden here; an exception from the
// functions below is logged and ends only its connection. All [proton].
class SafeHandler : public proton::messaging_handler {
  public:
    ~SafeHandler() override = default;

  protected:
    virtual void connection_opened(proton::connection&) = 0;
    // The peer opened a session of its own.
    virtual void session_offered(proton::session&) = 0;
    virtual void session_closed(proton::session&) {}
    // The peer opened its end of a link: of its own, or in answer to ours.
    virtual void receiver_opened(proton::receiver&) = 0;
    virtual void sender_opened(proton::sender&) = 0;
    // Closed or detached by the peer; `error` is empty when it gave none.
    virtual void receiver_closed(proton::receiver&) = 0;
    virtual void sender_closed(proton::sender&) = 0;
    // False: the peer sent more messages than it had credit for.
    virtual bool message_received(proton::delivery&, proton::message&) = 0;
    // May be called twice for one tracker: for the outcome and for its settlement.
    virtual void tracker_answered(proton::tracker&, Disposition) = 0;
    // Another thread has posted work for this connection.
    virtual void woken() = 0;
    // End the connection with this: a callback failed, or the peer breaks the rules.
    virtual void cut_off(const std::string& condition, const std::string& text) = 0;
    // Something ended; the first reason given is the one that matters.
    virtual void failed(const proton::error_condition&) = 0;
    // The last call: the connection is about to be freed.
    virtual void transport_closed() = 0;

  private:
    template <typename Call>
    void guarded(const char* where, Call call) noexcept;

    void on_container_start(proton::container&) final {}
    void on_container_stop(proton::container&) final {}
    void on_message(proton::delivery& delivery, proton::message& message) final;
    void on_sendable(proton::sender&) final {}
    void on_transport_open(proton::transport&) final {}
    void on_transport_close(proton::transport&) final;
    void on_transport_error(proton::transport& transport) final;
    void on_connection_open(proton::connection& connection) final;
    void on_connection_close(proton::connection&) final {}
    void on_connection_error(proton::connection& connection) final;
    void on_connection_wake(proton::connection& connection) final;
    void on_session_open(proton::session& session) final;
    void on_session_close(proton::session& session) final;
    void on_session_error(proton::session& session) final;
    void on_receiver_open(proton::receiver& receiver) final;
    void on_receiver_detach(proton::receiver& receiver) final;
    void on_receiver_close(proton::receiver& receiver) final;
    void on_receiver_error(proton::receiver&) final {}
    void on_sender_open(proton::sender& sender) final;
    void on_sender_detach(proton::sender& sender) final;
    void on_sender_close(proton::sender& sender) final;
    void on_sender_error(proton::sender&) final {}
    void on_tracker_accept(proton::tracker& tracker) final;
    void on_tracker_reject(proton::tracker& tracker) final;
    void on_tracker_release(proton::tracker& tracker) final;
    void on_tracker_settle(proton::tracker& tracker) final;
    void on_delivery_settle(proton::delivery&) final {}
    void on_sender_drain_start(proton::sender&) final {}
    void on_receiver_drain_finish(proton::receiver&) final {}
    void on_error(const proton::error_condition& error) final;
};

}  // namespace evenkeel::link
