#include "core/link/handler.hpp"

#include <exception>

#include <proton/delivery.hpp>
#include <proton/error_condition.hpp>
#include <proton/receiver.hpp>
#include <proton/sender.hpp>
#include <proton/session.hpp>
#include <proton/tracker.hpp>
#include <proton/transport.hpp>

#include "core/base/log.hpp"

namespace evenkeel::link {

template <typename Call>
void Handler::walled(const char* where, Call call) noexcept {
    try {
        try {
            call();
        } catch (...) {
            cut_off("amqp:internal-error", "the receiver failed");
            throw;
        }
    } catch (const std::exception& error) {
        log::error("a link callback failed", {{"where", where}, {"error", error.what()}});
    } catch (...) {
        log::error("a link callback failed", {{"where", where}});
    }
}

void Handler::on_message(proton::delivery& delivery, proton::message& message) {
    walled("message", [&] {
        if (message_received(delivery, message)) return;
        cut_off("amqp:link:transfer-limit-exceeded", "more messages than there was credit for");
    });
}

void Handler::on_transport_close(proton::transport&) {
    walled("transport close", [&] { transport_closed(); });
}

void Handler::on_transport_error(proton::transport& transport) {
    walled("transport error", [&] { failed(transport.error()); });
}

void Handler::on_connection_open(proton::connection& connection) {
    walled("connection open", [&] { connection_opened(connection); });
}

void Handler::on_connection_error(proton::connection& connection) {
    walled("connection error", [&] { failed(connection.error()); });
}

void Handler::on_connection_wake(proton::connection&) {
    walled("wake", [&] { woken(); });
}

void Handler::on_session_open(proton::session& session) {
    if (!session.uninitialized()) return;
    walled("session open", [&] { session_offered(session); });
}

void Handler::on_session_close(proton::session& session) {
    walled("session close", [&] { session_closed(session); });
}

void Handler::on_session_error(proton::session& session) {
    walled("session error", [&] { failed(session.error()); });
}

void Handler::on_receiver_open(proton::receiver& receiver) {
    walled("receiver open", [&] { receiver_opened(receiver); });
}

void Handler::on_receiver_detach(proton::receiver& receiver) {
    on_receiver_close(receiver);
}

void Handler::on_receiver_close(proton::receiver& receiver) {
    walled("receiver close", [&] { receiver_closed(receiver); });
}

void Handler::on_sender_open(proton::sender& sender) {
    walled("sender open", [&] { sender_opened(sender); });
}

void Handler::on_sender_detach(proton::sender& sender) {
    on_sender_close(sender);
}

void Handler::on_sender_close(proton::sender& sender) {
    walled("sender close", [&] { sender_closed(sender); });
}

void Handler::on_tracker_accept(proton::tracker& tracker) {
    walled("accepted", [&] { tracker_answered(tracker, Disposition::accept); });
}

void Handler::on_tracker_reject(proton::tracker& tracker) {
    walled("rejected", [&] { tracker_answered(tracker, Disposition::reject); });
}

void Handler::on_tracker_release(proton::tracker& tracker) {
    walled("released", [&] { tracker_answered(tracker, Disposition::release); });
}

void Handler::on_tracker_settle(proton::tracker& tracker) {
    walled("settled", [&] { tracker_answered(tracker, Disposition::release); });
}

void Handler::on_error(const proton::error_condition& error) {
    walled("error", [&] { failed(error); });
}

}  // namespace evenkeel::link
