#include "enroller.hpp"

#include <utility>

#include "core/base/id.hpp"
#include "core/base/time.hpp"
#include "core/crypto/x509.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::herd {
namespace {

constexpr std::uint64_t kRetryNs = 1'000'000'000;
constexpr std::uint64_t kAnswerNs = 30'000'000'000;

Result<std::string> request_of(Identity& identity, const std::string& token) {
    const crypto::Secret key = EK_TRY(crypto::make_key());
    identity.key = std::string(key.reveal());
    wire::EnrolRequest request;
    request.token = token;
    request.csr = EK_TRY(crypto::make_request(key, identity.name));
    request.name = identity.name;
    request.version = EVENKEEL_VERSION;
    request.facts = json::Object{{"hostname", identity.name}, {"architecture", "x86_64"}};
    return wire::encode(request);
}

}  // namespace

void Enroller::start() {
    begin_next();
}

void Enroller::begin_next() {
    link_.reset();
    shared_.poller.call_at(*this, 0);
    if (shared_.next >= shared_.wanted) return;
    number_ = shared_.next++;
    identity_ = {};
    identity_.name = shared_.prefix + std::to_string(number_);
    auto request = request_of(identity_, shared_.token);
    if (!request) return;
    request_ = *std::move(request);
    dial();
}

void Enroller::dial() {
    answered_ = refused_ = false;
    shared_.poller.call_at(*this, now_monotonic_ns() + kAnswerNs);
    auto stream = TlsStream::dial(shared_.tls, address_of_agent(number_), shared_.orchestrator,
                                  nullptr, nullptr);
    if (!stream) return;
    link_ = std::make_unique<Link>(*std::move(stream),
                                   Link::Plan{.mechanism = "ANONYMOUS",
                                              .container_id = make_id("enrol"),
                                              .source = "",
                                              .targets = {std::string(wire::kEnrolAddress)}},
                                   *this);
    shared_.poller.watch(link_->fd(), *this);
}

void Enroller::on_ready() {
    if (!link_) return;
    link_->on_ready();
    check_link();
}

void Enroller::check_link() {
    if (answered_) {
        link_->close();
        return begin_next();
    }
    if (!link_->has_ended() && !refused_) return;
    ++shared_.tries_failed;
    link_.reset();
    shared_.poller.call_at(*this, now_monotonic_ns() + kRetryNs);
}

void Enroller::on_due(std::uint64_t) {
    link_.reset();
    dial();
}

void Enroller::on_attached() {
    link_->send(0, 1, {.body = request_, .reply_to = link_->reply_address()});
}

void Enroller::on_message(const Message& message) {
    const auto answer = wire::decode_enrol_answer(message.body);
    if (!answer || answer->error) {
        shared_.last_error = answer ? answer->error->what : answer.error().what;
        refused_ = true;
        return;
    }
    identity_.host = answer->host;
    identity_.certificate = answer->certificate;
    shared_.made.push_back(identity_);
    answered_ = true;
}

}  // namespace evenkeel::herd
