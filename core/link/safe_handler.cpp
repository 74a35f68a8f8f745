#include "core/link/safe_handler.hpp"

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
void SafeHandler::guarded(const char* where, Call call) noexcept {
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

void SafeHandler::on_message(proton::delivery& delivery, proton::message& message) {
    guarded("message", [&] {
        if (message_received(delivery, message)) return;
        cut_off("amqp:link:transfer-limit-exceeded", "more messages than there was credit for");
    });
}

void SafeHandler::on_transport_close(proton::transport&) {
    guarded("transport close", [&] { transport_closed(); });
}

void SafeHandler::on_transport_error(proton::transport& transport) {
    guarded("transport error", [&] { failed(transport.error()); });
}

void SafeHandler::on_connection_open(proton::connection& connection) {
    guarded("connection open", [&] { connection_opened(connection); });
}

void SafeHandler::on_connection_error(proton::connection& connection) {
    guarded("connection error", [&] { failed(connection.error()); });
}

void SafeHandler::on_connection_wake(proton::connection&) {
    guarded("wake", [&] { woken(); });
}

void SafeHandler::on_session_open(proton::session& session) {
    if (!session.uninitialized()) return;
    guarded("session open", [&] { session_offered(session); });
}

void SafeHandler::on_session_close(proton::session& session) {
    guarded("session close", [&] { session_closed(session); });
}

void SafeHandler::on_session_error(proton::session& session) {
    guarded("session error", [&] { failed(session.error()); });
}

void SafeHandler::on_receiver_open(proton::receiver& receiver) {
    guarded("receiver open", [&] { receiver_opened(receiver); });
}

void SafeHandler::on_receiver_detach(proton::receiver& receiver) {
    on_receiver_close(receiver);
}

void SafeHandler::on_receiver_close(proton::receiver& receiver) {
    guarded("receiver close", [&] { receiver_closed(receiver); });
}

void SafeHandler::on_sender_open(proton::sender& sender) {
    guarded("sender open", [&] { sender_opened(sender); });
}

void SafeHandler::on_sender_detach(proton::sender& sender) {
    on_sender_close(sender);
}

void SafeHandler::on_sender_close(proton::sender& sender) {
    guarded("sender close", [&] { sender_closed(sender); });
}

void SafeHandler::on_tracker_accept(proton::tracker& tracker) {
    guarded("accepted", [&] { tracker_answered(tracker, Disposition::accept); });
}

void SafeHandler::on_tracker_reject(proton::tracker& tracker) {
    guarded("rejected", [&] { tracker_answered(tracker, Disposition::reject); });
}

void SafeHandler::on_tracker_release(proton::tracker& tracker) {
    guarded("released", [&] { tracker_answered(tracker, Disposition::release); });
}

void SafeHandler::on_tracker_settle(proton::tracker& tracker) {
    guarded("settled", [&] { tracker_answered(tracker, Disposition::release); });
}

void SafeHandler::on_error(const proton::error_condition& error) {
    guarded("error", [&] { failed(error); });
}

}  // namespace evenkeel::link
