#include "orchestrator/api/pages.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/json/shape.hpp"

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

ApiResult<std::size_t> read_limit(const http::Request& request) {
    const std::string* text = request.parameter("limit");
    if (!text) return kPageDefault;
    const auto number = parse_number(*text);
    if (!number || *number == 0 || *number > kPageMost) {
        return refuse(Code::invalid_parameter,
                      "limit is a number from 1 to " + std::to_string(kPageMost));
    }
    return *number;
}

}  // namespace

// HEX(JSON) "." SIGNATURE: opaque to clients, and nothing in it needs escaping in a URL.
std::string Pages::cursor(const PageOrder& order, const SortPlace& last) const {
    const std::string text = json::write(json::Object{{"stream", stream_},
                                                      {"list", protector_->mac(order.list)},
                                                      {"after", to_hex(last.key)},
                                                      {"at", SortOrder::write(last)}});
    return to_hex(text) + "." + protector_->mac("cursor\n" + text);
}

ApiResult<PageOrder> Pages::read(const state::View& view, const http::Request& request) const {
    PageOrder order;
    order.limit = EK_API_TRY(read_limit(request));
    order.list = list_of(request);
    if (const std::string* filter = request.parameter("filter")) {
        order.filter = EK_API_TRY(read_filter(*filter, *fields_, view));
    }
    if (const std::string* sort = request.parameter("order_by")) {
        order.sort = EK_API_TRY(SortOrder::read(*sort, *fields_));
    }
    const std::string* given = request.parameter("cursor");
    if (given) EK_API_TRY(read_cursor(*given, order));
    return order;
}

ApiResult<bool> Pages::read_cursor(const std::string& given, PageOrder& order) const {
    const auto bad =
        refuse(Code::bad_cursor, "the cursor is not one of this list with this filter and order");
    const std::size_t dot = given.find('.');
    if (dot == std::string::npos) return bad;
    const auto text = from_hex(std::string_view(given).substr(0, dot));
    if (!text || protector_->mac("cursor\n" + *text) != given.substr(dot + 1)) return bad;
    const auto value = json::parse(*text);
    if (!value || value->string_or("list") != protector_->mac(order.list)) return bad;
    if (value->string_or("stream") != stream_) {
        return refuse(Code::gone, "the cursor is older than the last restore from a backup");
    }
    auto values = order.sort.values_from((*value)["at"]);
    const auto key = from_hex(value->string_or("after"));
    if (!values || !key) return bad;
    order.after = SortPlace{.values = *std::move(values), .key = *key};
    return true;
}

json::Value list_schema(std::string_view item, const json::Object& more) {
    json::Array required{"items", "next", "revision"};
    json::Object properties{
        {"items", json::Object{{"type", "array"}, {"items", json::reference_to(item)}}},
        {"next", json::TextOrNull::schema()},
        {"revision", json::whole_schema()}};
    for (const auto& [name, schema] : more) {
        required.emplace_back(name);
        properties.append(name, schema);
    }
    return json::object_schema(std::move(properties), std::move(required), "", false, false);
}

std::vector<http::QueryParameter> page_parameters(const Fields& fields,
                                                  std::vector<http::QueryParameter> more) {
    more.push_back(
        {.name = "limit",
         .description = "Items in a page, at most 1000; 100 when absent.",
         .schema = json::Object{{"type", "integer"}, {"minimum", 1}, {"maximum", kPageMost}}});
    more.push_back({.name = "cursor", .description = "`next` of the page before."});
    const std::string names = filter::names_of(fields);
    more.push_back({.name = "filter",
                    .description = "`field = value` joined by AND; of the fields " + names + "."});
    more.push_back({.name = "order_by",
                    .description = "`a,-b`: up to four of the fields " + names +
                                   "; - is from the highest down."});
    return more;
}

}  // namespace evenkeel::api
