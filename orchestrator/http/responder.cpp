#include "orchestrator/http/responder.hpp"

#include <utility>

#include "core/base/log.hpp"

namespace evenkeel::http {

Responder::Responder(const Request& request, Send send, Open open)
    : instance_(request.target),
      request_id_(request.request_id),
      send_(std::move(send)),
      open_(std::move(open)) {}

Responder::~Responder() {
    if (answered_) return;
    log::error("a request was dropped without an answer", {{"request_id", request_id_}});
    try {
        send(Problem{Code::internal, "the request was dropped without an answer"});
    } catch (const std::exception& failure) {
        log::error("the answer could not be sent", {{"error", failure.what()}});
    }
}

void Responder::send(Reply reply) {
    if (std::exchange(answered_, true)) return;
    open_ = nullptr;
    may_open_ = nullptr;
    if (const auto callback = std::exchange(on_answer_, nullptr)) callback(reply.status);
    if (const Send send = std::exchange(send_, nullptr)) send(std::move(reply));
}

void Responder::send(const Problem& problem) {
    send(to_reply(problem, instance_, request_id_));
}

void Responder::send(const Error& error) {
    send(problem_from(error));
}

std::shared_ptr<Stream> Responder::open_stream() {
    if (answered_ || !open_) return nullptr;
    if (const auto may_open = std::exchange(may_open_, nullptr)) {
        if (const auto refusal = may_open()) {
            send(*refusal);
            return nullptr;
        }
    }
    answered_ = true;
    send_ = nullptr;
    auto stream = std::exchange(open_, nullptr)();
    if (const auto callback = std::exchange(on_answer_, nullptr)) callback(200);
    if (on_stream_ && stream) on_stream_(stream);
    return stream;
}

}  // namespace evenkeel::http
