#include "orchestrator/api/idempotency.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/crypto/hash.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/replies.hpp"

namespace evenkeel::api {
namespace {

using http::Code;

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= kKeyBytesMost &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// Each part behind its length, so that no two lists of parts read alike.
std::string digest(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) {
        text.append(std::to_string(part.size())).append(":").append(part);
    }
    return crypto::sha256_hex(text);
}

std::string_view header_or_none(const http::Request& request, std::string_view name) {
    const std::string* value = request.header(name);
    return value ? std::string_view(*value) : std::string_view();
}

// What makes it another request. Not Prefer: how long one waits is no part of what one wants.
std::string digest_of(const http::Request& request) {
    std::string query;
    for (const auto& [name, value] : request.query) {
        query += percent_encode(name) + "=" + percent_encode(value) + "&";
    }
    return digest({request.method, request.target, query, request.body,
                   header_or_none(request, "if-match"), header_or_none(request, "if-none-match")});
}

std::string purpose_of(const http::Once& once) {
    return "reply\n" + once.record;
}

}  // namespace

Result<void> keep_reply(state::Edit& edit, const secrets::Protector& protector,
                        const http::Once& once, const http::Reply& reply) {
    if (once.record.empty()) return {};
    return edit.replies().put(once.record,
                              {.request_sha256 = once.request_sha256,
                               .at_ms = edit.clock().now_ms(),
                               .status = reply.status,
                               .content_type = reply.content_type,
                               .body = protector.seal_text(reply.body, purpose_of(once)),
                               .headers = reply.headers});
}

std::shared_ptr<http::Responder> Idempotency::begin(const http::Route& route,
                                                    http::Request& request,
                                                    std::shared_ptr<http::Responder> responder) {
    const std::string* key = request.header("idempotency-key");
    if (!key || request.method == "GET") return responder;
    if (!is_key(*key)) {
        responder->send({.code = Code::invalid_parameter,
                         .detail = "Idempotency-Key has 1 to 255 visible ASCII characters"});
        return nullptr;
    }
    const http::Once once{
        .record = digest({request.principal.id, route.method, route.path, route.verb, *key}),
        .request_sha256 = digest_of(request)};
    if (in_work_.contains(once.record)) {
        http::Problem busy{.code = Code::idempotency_key_busy,
                           .detail = "the request with this Idempotency-Key is in work"};
        busy.headers.emplace_back("Retry-After", "1");
        responder->send(busy);
        return nullptr;
    }
    auto again = replay(once);
    if (!again) {
        responder->send(again.error());
        return nullptr;
    }
    if (*again) {
        responder->send(**std::move(again));
        return nullptr;
    }
    request.once = once;
    in_work_.insert(once.record);
    auto send = [this, once, responder](http::Reply reply) {
        loop_.post([this, once, responder, reply = std::move(reply)]() mutable {
            finish(once, std::move(reply), responder);
        });
    };
    return std::make_shared<http::Responder>(request, std::move(send),
                                             [responder] { return responder->open_stream(); });
}

ApiResult<std::optional<http::Reply>> Idempotency::replay(const http::Once& once) const {
    const auto view = EK_API_TRY(state_.read());
    const auto kept = EK_API_TRY(view.replies().find(once.record));
    const auto oldest = state_.clock().now_ms() - std::chrono::milliseconds(kReplyKept).count();
    if (!kept || kept->at_ms < oldest) return std::nullopt;
    if (kept->request_sha256 != once.request_sha256) {
        return refuse(Code::idempotency_key_reused,
                      "this Idempotency-Key came with another request before");
    }
    http::Reply reply{.status = kept->status,
                      .content_type = kept->content_type,
                      .body = EK_API_TRY(protector_.open_text(kept->body, purpose_of(once))),
                      .headers = kept->headers};
    return std::move(reply).with("Idempotency-Replayed", "true");
}

Result<bool> Idempotency::is_kept_otherwise(const http::Once& once,
                                            const http::Reply& reply) const {
    const auto view = EK_TRY(state_.read());
    const auto kept = EK_TRY(view.replies().find(once.record));
    if (!kept || kept->request_sha256 != once.request_sha256) return false;
    return kept->status != reply.status || kept->headers != reply.headers ||
           EK_TRY(protector_.open_text(kept->body, purpose_of(once))) != reply.body;
}

void Idempotency::finish(const http::Once& once, http::Reply reply,
                         const std::shared_ptr<http::Responder>& responder) {
    const auto otherwise = is_kept_otherwise(once, reply);
    if (!otherwise || !*otherwise) {
        in_work_.erase(once.record);
        return responder->send(std::move(reply));
    }
    auto shared = std::make_shared<http::Reply>(std::move(reply));
    state_.submit([&protector = protector_, once, shared](
                      state::Edit& edit) { return keep_reply(edit, protector, once, *shared); },
                  [this, once, shared, responder](const Result<void>& done) {
                      in_work_.erase(once.record);
                      // The effect is kept with its first answer, which is as true.
                      if (!done)
                          log::warning("an answer was not kept", {{"error", done.error().what}});
                      responder->send(std::move(*shared));
                  });
}

}  // namespace evenkeel::api
