#include "sdk/client/cpp/impl.hpp"

#include <algorithm>
#include <optional>
#include <random>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBackOffBase{100};
constexpr milliseconds kBackOffMost{5'000};
constexpr std::size_t kPageMost = 1000;  // items, docs/rest.md
constexpr std::uint64_t kRetryAfterSecondsMost = 30;

bool changes_something(const std::string& method) {
    return method != "GET" && method != "HEAD";
}

// The request before this one, whose answer was lost, is still in work.
bool is_in_work(const Reply& reply) {
    return reply.status == 409 && reply.headers.contains("retry-after");
}

std::optional<milliseconds> retry_after(const Reply& reply) {
    const auto header = reply.headers.find("retry-after");
    if (header == reply.headers.end()) return std::nullopt;
    const auto seconds = parse_number(header->second);
    if (!seconds) return std::nullopt;
    return std::chrono::seconds(std::min(*seconds, kRetryAfterSecondsMost));
}

Failure cancelled() {
    return Failure{.kind = Kind::cancelled, .detail = "cancelled"};
}

}  // namespace

milliseconds Client::Impl::back_off(int attempt, milliseconds base, milliseconds most) {
    static thread_local std::minstd_rand random(std::random_device{}());
    const auto bound = std::min(most.count(), base.count() << std::clamp(attempt, 0, 16));
    return milliseconds(std::uniform_int_distribution<std::int64_t>(bound / 4, bound)(random));
}

HttpRequest Client::Impl::to_http(const Request& request) const {
    HttpRequest http;
    http.method = request.method;
    http.url = base_.text + request.path;
    const std::string query = encode_query(request.query);
    if (!query.empty()) {
        http.url += (request.path.find('?') == std::string::npos ? "?" : "&") + query;
    }
    http.body = request.body;
    http.headers.emplace("User-Agent", "evenkeel-client/" EVENKEEL_VERSION);
    if (!config_.token.empty()) http.headers.emplace("Authorization", "Bearer " + config_.token);
    if (!request.headers.contains("Accept")) http.headers.emplace("Accept", "application/json");
    if (!request.body.empty()) http.headers.emplace("Content-Type", request.content_type);
    if (request.wait.count() > 0) {
        http.headers.emplace("Prefer", "wait=" + std::to_string(request.wait.count()));
    }
    if (changes_something(request.method)) {
        http.headers.emplace("Idempotency-Key", request.key.empty() ? make_id("ek") : request.key);
    }
    for (const auto& header : request.headers) http.headers.insert(header);
    http.timeout = config_.timeout + request.wait + request.extra_time;
    return http;
}

Result<Reply> Client::Impl::send(const Request& request) {
    const HttpRequest http = to_http(request);
    for (int attempt = 1;; ++attempt) {
        const bool last = attempt >= config_.attempts;
        auto answer = http_.exchange(http);
        std::optional<milliseconds> pause;
        if (auto* broken = std::get_if<HttpFailure>(&answer)) {
            if (last || !broken->worth_retrying) return std::move(broken->failure);
        } else {
            auto& reply = std::get<Reply>(answer);
            if (reply.status >= 200 && reply.status < 300) return std::move(reply);
            const bool busy = reply.status == 429 || reply.status == 503 || is_in_work(reply);
            if (last || !busy) return decode_problem(reply.status, reply.body);
            pause = retry_after(reply);
        }
        if (!http_.pause(pause.value_or(back_off(attempt, kBackOffBase, kBackOffMost)))) {
            return cancelled();
        }
    }
}

Result<json::Value> Client::Impl::call(const Request& request, Reply* reply) {
    auto answer = send(request);
    if (!answer) return answer.error();
    auto value = parse_answer(answer->body);
    if (reply != nullptr) *reply = *std::move(answer);
    return value;
}

Result<Client::Impl::List> Client::Impl::list(Request request, std::size_t most) {
    if (most > 0) {
        request.query.emplace_back("limit", std::to_string(std::min(most, kPageMost)));
    }
    List list;
    std::string cursor;
    for (;;) {
        auto page = call(request);
        if (!page) return page.error();
        json::Value* items = page->is_object() ? page->as_object().find("items") : nullptr;
        if (items == nullptr || !items->is_array()) {
            return Failure{.kind = Kind::bad_answer, .detail = request.path + " is not a list"};
        }
        for (json::Value& item : items->as_array()) list.items.push_back(std::move(item));
        *items = json::Array{};
        const std::string next = page->string_or("next");
        if (list.first.is_null()) list.first = *std::move(page);
        const bool enough = most > 0 && list.items.size() >= most;
        if (enough) list.items.resize(most);
        if (enough || next.empty()) return list;
        if (next == cursor) {
            return Failure{.kind = Kind::bad_answer,
                           .detail = request.path + " answers the same cursor again"};
        }
        if (!cursor.empty()) request.query.pop_back();
        request.query.emplace_back("cursor", next);
        cursor = next;
    }
}

Request Client::Impl::as_change(Request request, const ChangeOptions& options) {
    if (options.dry_run) request.query.emplace_back("dry_run", "all");
    request.key = options.key;
    if (!options.dry_run)
        request.wait = std::clamp(options.wait, std::chrono::seconds(0), std::chrono::seconds(60));
    return request;
}

Result<Command> Client::Impl::change(Request request, const ChangeOptions& options) {
    auto value = call(as_change(std::move(request), options));
    if (!value) return value.error();
    return decode_command(*value);
}

}  // namespace evenkeel::client
