#include "orchestrator/api/pages.hpp"

#include <algorithm>
#include <functional>
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
    ApiResult<std::optional<json::Value>> item_of(const state::Entry& entry) {
        auto item = EK_API_TRY(make_(entry));
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

// Visits the entries of a list, and keeps the problem that ended the walk.
using VisitEntry = std::function<ApiResult<bool>(const state::Entry&)>;

class EntryVisitor {
  public:
    explicit EntryVisitor(const VisitEntry& visit) : visit_(visit) {}
    bool operator()(const state::Entry& entry) {
        const auto more = visit_(entry);
        if (!more) problem_ = more.error();
        return more && *more;
    }
    ApiResult<bool> end(const Result<void>& walked) const {
        if (!walked) return refuse(as_problem(walked.error()));
        if (problem_) return refuse(*problem_);
        return true;
    }

  private:
    const VisitEntry& visit_;
    std::optional<http::Problem> problem_;
};

ApiResult<bool> walk(const state::View& view, const state::List& list, std::string_view after,
                     const VisitEntry& visit) {
    EntryVisitor visitor(visit);
    return visitor.end(list.walk(view, std::ref(visitor), after));
}

// In the list's own order: only the entries of the page are read.
ApiResult<bool> fill(const state::View& view, const state::List& list, const PageOrder& order,
                     Page& page) {
    std::size_t entries_read = 0;
    const std::string after = order.after ? order.after->key : "";
    return walk(view, list, after, [&](const state::Entry& entry) -> ApiResult<bool> {
        page.further = page.full() || ++entries_read > kPageEntriesReadMost;
        if (page.further) return false;
        auto item = EK_API_TRY(page.item_of(entry));
        page.last.key = entry.position();
        if (item) page.add(*std::move(item));
        return true;
    });
}

// The first places past the page before, one more than fit on a page. Of what is not among them
// nothing is kept.
ApiResult<std::vector<SortPlace>> first_places(const state::View& view, const state::List& list,
                                               const PageOrder& order, Page& page) {
    const auto before = [&](const SortPlace& a, const SortPlace& b) {
        return order.sort.before(a, b, list.is_reversed());
    };
    std::vector<SortPlace> places;  // a heap with the last one on top
    const VisitEntry see = [&](const state::Entry& entry) -> ApiResult<bool> {
        const auto item = EK_API_TRY(page.item_of(entry));
        if (!item) return true;
        SortPlace place = order.sort.place(*item, entry.position());
        if (order.after && !before(*order.after, place)) return true;
        if (places.size() > order.limit) {
            if (!before(place, places.front())) return true;
            std::pop_heap(places.begin(), places.end(), before);
            places.pop_back();
        }
        places.push_back(std::move(place));
        std::push_heap(places.begin(), places.end(), before);
        return true;
    };
    EK_API_TRY(walk(view, list, "", see));
    std::sort_heap(places.begin(), places.end(), before);
    return places;
}

// In another order the whole list is read for each page.
ApiResult<bool> fill_sorted(const state::View& view, const state::List& list,
                            const PageOrder& order, Page& page) {
    auto places = EK_API_TRY(first_places(view, list, order, page));
    for (SortPlace& place : places) {
        page.further = page.full();
        if (page.further) break;
        const VisitEntry add = [&](const state::Entry& entry) -> ApiResult<bool> {
            auto item = EK_API_TRY(page.item_of(entry));
            if (item) page.add(*std::move(item));
            return true;
        };
        EntryVisitor visitor(add);
        EK_API_TRY(visitor.end(list.visit(view, place.key, std::ref(visitor))));
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

ReplyResult Pages::answer(const state::View& view, const http::Request& request,
                          const state::List& list, const Make& make,
                          const json::Object& more) const {
    const PageOrder order = EK_API_TRY(read(view, request));
    Page page(order, make);
    if (order.sort.empty()) {
        EK_API_TRY(fill(view, list, order, page));
    } else {
        EK_API_TRY(fill_sorted(view, list, order, page));
    }
    const json::Value next = page.further ? json::Value(cursor(order, page.last)) : json::Value();
    json::Object body{{"items", std::move(page.items)}, {"next", next}};
    for (const auto& [name, value] : more) body.set(name, value);
    body.set("revision", EK_API_TRY(view.revision()));
    http::Reply reply = http::Reply::json(200, std::move(body));
    if (page.further) reply.with("Link", next_link(request, next.as_string()));
    return reply;
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
    const std::string names = names_of(fields);
    more.push_back({.name = "filter",
                    .description = "`field = value` joined by AND; of the fields " + names + "."});
    more.push_back({.name = "order_by",
                    .description = "`a,-b`: up to four of the fields " + names +
                                   "; - is from the highest down."});
    return more;
}

}  // namespace evenkeel::api
