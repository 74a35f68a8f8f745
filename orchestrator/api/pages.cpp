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

ApiResult<std::size_t> read_limit(const http::Request& request) {
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

// Gathers the items of one page.
class Page {
  public:
    Page(const PageOrder& order, const Pages::Make& make) : order_(order), make_(make) {}

    // The item if it belongs to the list.
    ApiResult<std::optional<json::Value>> item_of(std::string_view key, std::string_view record) {
        auto item = EK_API_TRY(make_(key, record));
        if (item && !order_.filter.matches(*item)) item.reset();
        return item;
    }
    bool full() const { return items.size() == order_.limit || bytes_ > kPageBytesMost; }
    void add(json::Value item) {
        bytes_ += json::write(item).size();
        items.push_back(std::move(item));
    }

    json::Array items;
    bool further = false;
    SortPlace last;

  private:
    const PageOrder& order_;
    const Pages::Make& make_;
    std::size_t bytes_ = 0;
};

ApiResult<bool> scan(
    const state::View& view, store::Table table, const store::Range& range,
    const std::function<ApiResult<bool>(std::string_view, std::string_view)>& visit) {
    std::optional<http::Problem> problem;
    const auto scanned = view.scan(table, range, [&](std::string_view key, std::string_view value) {
        const auto more = visit(key, value);
        if (!more) problem = more.error();
        return more && *more;
    });
    if (!scanned) return refuse(as_problem(scanned.error()));
    if (problem) return refuse(*problem);
    return true;
}

// In the table's own order: only what is on the page is looked at.
ApiResult<bool> fill(const state::View& view, store::Table table, store::Range range,
                     const PageOrder& order, Page& page) {
    if (order.after) range = range.after(order.after->key);
    std::size_t looks = 0;
    return scan(view, table, range, [&](std::string_view key, std::string_view record) {
        page.further = page.full() || ++looks > kPageLooksMost;
        if (page.further) return ApiResult<bool>(false);
        auto item = page.item_of(key, record);
        if (!item) return ApiResult<bool>(refuse(item.error()));
        page.last.key = key;
        if (*item) page.add(**std::move(item));
        return ApiResult<bool>(true);
    });
}

// In another order the whole list is looked at for each page; of what is not on it nothing is kept.
ApiResult<bool> fill_sorted(const state::View& view, store::Table table, const store::Range& range,
                            const PageOrder& order, Page& page) {
    const auto before = [&](const SortPlace& a, const SortPlace& b) {
        return order.sort.before(a, b, range.reverse);
    };
    std::vector<SortPlace> places;  // a heap with the last one on top
    EK_API_TRY(scan(view, table, range, [&](std::string_view key, std::string_view record) {
        const auto item = page.item_of(key, record);
        if (!item) return ApiResult<bool>(refuse(item.error()));
        if (!*item) return ApiResult<bool>(true);
        SortPlace place = order.sort.place(**item, key);
        if (order.after && !before(*order.after, place)) return ApiResult<bool>(true);
        if (places.size() > order.limit) {
            if (!before(place, places.front())) return ApiResult<bool>(true);
            std::pop_heap(places.begin(), places.end(), before);
            places.pop_back();
        }
        places.push_back(std::move(place));
        std::push_heap(places.begin(), places.end(), before);
        return ApiResult<bool>(true);
    }));
    std::sort_heap(places.begin(), places.end(), before);
    for (SortPlace& place : places) {
        page.further = page.full();
        if (page.further) break;
        const store::Range one{.from = place.key, .until = place.key + '\0'};
        EK_API_TRY(scan(view, table, one, [&](std::string_view key, std::string_view record) {
            auto item = page.item_of(key, record);
            if (!item) return ApiResult<bool>(refuse(item.error()));
            if (*item) page.add(**std::move(item));
            return ApiResult<bool>(true);
        }));
        page.last = std::move(place);
    }
    return true;
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
        order.filter = EK_API_TRY(Filter::read(*filter, *fields_, view));
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

ReplyResult Pages::answer(const state::View& view, const http::Request& request, store::Table table,
                          store::Range range, const Make& make, const json::Object& more) const {
    const PageOrder order = EK_API_TRY(read(view, request));
    Page page(order, make);
    if (order.sort.empty()) {
        EK_API_TRY(fill(view, table, std::move(range), order, page));
    } else {
        EK_API_TRY(fill_sorted(view, table, range, order, page));
    }
    const json::Value next = page.further ? json::Value(cursor(order, page.last)) : json::Value();
    json::Object body{{"items", std::move(page.items)}, {"next", next}};
    for (const auto& [name, value] : more) body.set(name, value);
    body.set("revision", EK_API_TRY(view.revision()));
    http::Reply reply = http::Reply::json(200, std::move(body));
    if (page.further) reply.with("Link", next_link(request, next.as_string()));
    return reply;
}

std::vector<http::QueryParameter> page_parameters(const Fields& fields,
                                                  std::vector<http::QueryParameter> more) {
    more.push_back({.name = "limit",
                    .description = "Items in a page, at most 1000; 100 when absent.",
                    .schema = json::Object{{"type", "integer"}, {"minimum", 1}}});
    more.push_back({.name = "cursor", .description = "`next` of the page before."});
    const std::string names = names_of(fields);
    more.push_back({.name = "filter",
                    .description = "`field = value` joined by AND; of the fields " + names + "."});
    more.push_back({.name = "order_by",
                    .description = "`a,-b`: up to four of the fields " + names +
                                   "; - is from the highest down."});
    return more;
}

}  // namespace evenkeel::api
