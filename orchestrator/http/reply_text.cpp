#include "orchestrator/http/reply_text.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <ostream>

#include <boost/beast/http/status.hpp>

#include "core/base/log.hpp"
#include "orchestrator/http/header_values.hpp"
#include "orchestrator/http/problem.hpp"

namespace evenkeel::http {

namespace {

// Headers that the server sets itself: one in a reply would contradict them.
constexpr std::array<std::string_view, 4> kOurs = {"content-length", "connection", "date",
                                                   "transfer-encoding"};

// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
std::string http_date() {
    constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 40> text{};
    const auto length =
        std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                      kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                      kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                      utc.tm_hour, utc.tm_min, utc.tm_sec);
    return {text.data(), static_cast<std::size_t>(length)};
}

void append(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

bool is_sendable(const std::string& name, std::string_view value) {
    const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) != 0x7f;
    });
    return clean && is_token(name) &&
           std::find(kOurs.begin(), kOurs.end(), to_lower(name)) == kOurs.end();
}

std::string start(int status, const ReplyContext& context) {
    const auto reason =
        boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
    text.append(reason.data(), reason.size()).append("\r\n");
    append(text, "Date", http_date());
    append(text, "X-Request-Id", context.request_id);
    append(text, "X-Content-Type-Options", "nosniff");
    if (context.secure) append(text, "Strict-Transport-Security", "max-age=31536000");
    return text;
}

}  // namespace

std::string head_of(Reply& reply, const ReplyContext& context) {
    for (const auto& [name, value] : reply.headers) {
        if (is_sendable(name, value)) continue;
        log::error("a reply has a header that cannot be sent", {{"header", name}});
        const Problem problem{Code::internal, "the answer could not be written"};
        reply = to_reply(problem, "", context.request_id);
        return head_of(reply, context);
    }
    std::string text = start(reply.status, context);
    for (const auto& [name, value] : reply.headers) append(text, name, value);
    if (!reply.header("Cache-Control")) {
        append(text, "Cache-Control", reply.header("ETag") ? "no-cache" : "no-store");
    }
    if (!reply.content_type.empty()) append(text, "Content-Type", reply.content_type);
    const bool bodiless = reply.status == 204 || reply.status == 304;
    if (!bodiless) append(text, "Content-Length", std::to_string(reply.body.size()));
    if (!context.keep_alive) append(text, "Connection", "close");
    text += "\r\n";
    if (bodiless || context.without_body) reply.body.clear();
    return text;
}

std::string to_text(Reply reply, const ReplyContext& context) {
    std::string text = head_of(reply, context);
    return text += reply.body;
}

std::string stream_head(const ReplyContext& context) {
    std::string text = start(200, context);
    append(text, "Content-Type", "text/event-stream");
    append(text, "Cache-Control", "no-store");
    append(text, "X-Accel-Buffering", "no");
    append(text, "Connection", "close");
    text += "\r\n";
    if (!context.without_body) text += "retry: 3000\n\n";
    return text;
}

}  // namespace evenkeel::http
