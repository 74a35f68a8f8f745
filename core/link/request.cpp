#include "core/link/request.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <proton/receiver_options.hpp>
#include <proton/source_options.hpp>

#include "core/link/address.hpp"
#include "core/link/container_runner.hpp"
#include "core/link/outbound.hpp"
#include "core/link/traffic.hpp"

namespace evenkeel::link {
namespace {

// Receiver with a dynamic address first, then the sender, then the message, then the reply.
class Request final : public Outbound {
  public:
    Request(const Remote& remote, const proton::ssl_client_options& certificates,
            std::string address, Message message, std::chrono::milliseconds limit)
        : Outbound(remote, certificates, limit),
          address_(std::move(address)),
          message_(std::move(message)),
          traffic_(std::make_shared<Traffic>(
              Traffic::Limits{remote.message_bytes_max, 1, 1, remote.message_bytes_max},
              Traffic::Sink{[this](const std::string&, Message reply, const Delivery& delivery) {
                                take(std::move(reply), delivery);
                            },
                            [this](const std::string&, std::uint64_t, Disposition disposition) {
                                sent(disposition);
                            }})) {}

    Result<Message> result() const {
        if (reply_) return *reply_;
        return fail(ending());
    }
    void transport_closed() override {
        traffic_->close();
        session_ = proton::session();
        Outbound::transport_closed();
    }

  private:
    void ready(proton::session session) override {
        session_ = session;
        proton::receiver receiver =
            session.open_receiver("", proton::receiver_options()
                                          .source(proton::source_options().dynamic(true))
                                          .auto_accept(false)
                                          .credit_window(0));
        traffic_->limit(receiver);
        traffic_->mailbox().open(raw(session.connection()));
    }

    void receiver_opened(proton::receiver& receiver) override {
        message_.reply_to = receiver.source().address();
        if (message_.reply_to.empty()) {
            return abort({Errc::unavailable, "the peer gave no reply address"});
        }
        traffic_->attach("", receiver);
        session_.open_sender(address_);
    }

    void sender_opened(proton::sender& sender) override {
        traffic_->attach(address_, sender);
        if (auto sending = traffic_->send(address_, 0, std::move(message_)); !sending) {
            abort(std::move(sending.error()));
        }
    }

    void take(Message reply, const Delivery& delivery) {
        reply_ = std::move(reply);
        delivery.settle(Disposition::accept);
        // Posted behind the settlement just made, so that the settlement is still sent.
        traffic_->mailbox().post([this] { close(); });
    }

    void sent(Disposition disposition) {
        if (disposition == Disposition::accept || reply_) return;
        if (disposition == Disposition::reject) {
            return abort({Errc::denied, address_ + " rejected the message"});
        }
        abort({Errc::unavailable, address_ + " did not take the message"});
    }

    void receiver_closed(proton::receiver& receiver) override { refused(receiver.error()); }
    void sender_closed(proton::sender& sender) override { refused(sender.error()); }
    void refused(const proton::error_condition& condition) {
        abort({Errc::denied, "the peer closed the link: " + condition.what()});
    }
    bool message_received(proton::delivery& delivery, proton::message& message) override {
        return traffic_->received("", delivery, message);
    }
    void tracker_answered(proton::tracker& tracker, Disposition disposition) override {
        traffic_->answered(tracker, disposition);
    }
    void woken() override { traffic_->mailbox().drain(); }
    bool settled() const override { return reply_.has_value(); }
    const std::string address_;
    Message message_;
    std::optional<Message> reply_;
    proton::session session_;
    const std::shared_ptr<Traffic> traffic_;
};

}  // namespace

Result<Message> request_once(const Remote& remote, const std::string& address, Message message,
                             std::chrono::milliseconds timeout) {
    const auto certificates = EK_TRY(read_certificates(remote));
    Request request(remote, certificates, address, std::move(message), timeout);
    ContainerRunner runner;
    const auto run = runner.run(
        remote.container_id, [&](proton::container& container) { request.dial(container); },
        [&] { request.transport_closed(); });
    auto result = request.result();
    if (!result && !run) return fail(run.error());
    return result;
}

}  // namespace evenkeel::link
