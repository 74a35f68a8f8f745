#include "orchestrator/api/pages.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::api {
namespace {

using http::Code;

std::string list_of(const http::Request& request) {
    std::string list = request.target;
    for (const auto& [name, value] : request.query) {
        if (name == "limit" || name == "cursor") continue;
        list += "\n" + name + "=" + value;
    }
    return list;
}

Checked<std::size_t> read_limit(const http::Request& request) {
    const std::string* text = request.parameter("limit");
    if (!text) return kPageDefault;
    const auto number = parse_number(*text);
    if (!number || *number == 0) {
        return refuse(Code::invalid_parameter, "limit is a number from 1 on");
    }
    return std::min<std::uint64_t>(*number, kPageMost);
}

std::string next_link(const http::Request& request, const std::string& cursor) {
    std::string link = "<" + request.target + "?";
    for (const auto& [name, value] : request.query) {
        if (name != "cursor") link += percent_encode(name) + "=" + percent_encode(value) + "&";
    }
    return link + "cursor=" + cursor + ">; rel=\"next\"";
}

}  // namespace

// HEX(JSON) "." SIGNATURE: opaque to clients, and nothing in it needs escaping in a URL.
std::string Pages::cursor(const PageOrder& order, std::string_view key) const {
    const std::string text = json::write(json::Object{
        {"stream", stream_}, {"list", vault_->sign(order.list)}, {"after", to_hex(key)}});
    return to_hex(text) + "." + vault_->sign("cursor\n" + text);
}

Checked<PageOrder> Pages::read(const http::Request& request) const {
    PageOrder order;
    order.limit = EK_ASK(read_limit(request));
    order.list = list_of(request);
    const std::string* given = request.parameter("cursor");
    if (!given) return order;
    const auto bad = refuse(Code::bad_cursor, "the cursor is not one of this list");
    const std::size_t dot = given->find('.');
    if (dot == std::string::npos) return bad;
    const auto text = from_hex(std::string_view(*given).substr(0, dot));
    if (!text || vault_->sign("cursor\n" + *text) != given->substr(dot + 1)) return bad;
    const auto value = json::parse(*text);
    if (!value || value->string_or("list") != vault_->sign(order.list)) return bad;
    if (value->string_or("stream") != stream_) {
        return refuse(Code::gone, "the cursor is older than the last restore from a backup");
    }
    order.after = from_hex(value->string_or("after")).value_or("");
    return order;
}

Outcome Pages::answer(const state::View& view, const http::Request& request, store::Table table,
                      store::Range range, const Make& make, const json::Object& more) const {
    const PageOrder order = EK_ASK(read(request));
    if (!order.after.empty()) range = range.after(order.after);
    json::Array items;
    std::size_t bytes = 0;
    std::string last;
    bool further = false;
    std::optional<http::Problem> problem;
    const auto scanned = view.scan(table, range, [&](std::string_view key, std::string_view value) {
        if (items.size() == order.limit || bytes > kPageBytesMost) {
            further = true;
            return false;
        }
        auto item = make(key, value);
        if (!item) {
            problem = item.error();
            return false;
        }
        last = key;
        if (!*item) return true;
        bytes += json::write(**item).size();
        items.push_back(**std::move(item));
        return true;
    });
    if (!scanned) return refuse(as_problem(scanned.error()));
    if (problem) return refuse(*problem);
    const json::Value next = further ? json::Value(cursor(order, last)) : json::Value();
    json::Object body{{"items", std::move(items)}, {"next", next}};
    for (const auto& [name, value] : more) body.set(name, value);
    body.set("revision", EK_ASK(view.revision()));
    http::Reply reply = http::Reply::json(200, std::move(body));
    if (further) reply.with("Link", next_link(request, next.as_string()));
    return reply;
}

std::vector<http::QueryParameter> page_parameters(std::vector<http::QueryParameter> more) {
    more.push_back({.name = "limit",
                    .description = "Items in a page, at most 1000; 100 when absent.",
                    .schema = json::Object{{"type", "integer"}, {"minimum", 1}}});
    more.push_back({.name = "cursor", .description = "`next` of the page before."});
    return more;
}

}  // namespace evenkeel::api
