#include "orchestrator/api/page_work.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "orchestrator/api/turn.hpp"
#include "orchestrator/state/event.hpp"

namespace evenkeel::api {
namespace {

std::string next_link(const http::Request& request, const std::string& cursor) {
    std::string link = "<" + request.target + "?";
    for (const auto& [name, value] : request.query) {
        if (name != "cursor") link += percent_encode(name) + "=" + percent_encode(value) + "&";
    }
    return link + "cursor=" + cursor + ">; rel=\"next\"";
}

}  // namespace

ApiResult<PageWork> PageWork::begin(const state::View& view, const Pages& pages,
                                    const http::Request& request, PageSource source) {
    PageWork work(pages, EK_API_TRY(pages.read(view, request)), std::move(source));
    work.request_.target = request.target;
    work.request_.query = request.query;
    work.revision_ = EK_API_TRY(view.revision());
    if (work.order_.after && work.order_.sort.empty()) work.walked_ = work.order_.after->key;
    return work;
}

ApiResult<bool> PageWork::read_on(const state::View& view, std::uint64_t deadline_ns) {
    if (!EK_API_TRY(read_extra_members(view, deadline_ns))) return false;
    make_ = source_.make_for(view);
    if (source_.peek_for) peek_ = source_.peek_for(view);
    names_.clear();
    for (const filter::FieldUse& use : order_.filter.fields()) names_.push_back(use.name);
    for (const std::string_view name : order_.sort.fields()) names_.push_back(name);
    return order_.sort.empty() ? read_entries(view, deadline_ns) : read_sorted(view, deadline_ns);
}

ApiResult<bool> PageWork::read_extra_members(const state::View& view, std::uint64_t deadline_ns) {
    if (!more_) {
        more_ = source_.more ? EK_API_TRY(source_.more(view, deadline_ns)) : json::Object{};
    }
    return more_.has_value();
}

ApiResult<bool> PageWork::read_entries(const state::View& view, std::uint64_t deadline_ns) {
    const auto read = [&](const state::Entry& entry) -> ApiResult<bool> {
        has_next_ = is_full() || ++entries_read_ > kPageEntriesReadMost;
        if (has_next_) return false;
        last_.key = entry.position();
        if (peek_ && !EK_API_TRY(look_into(entry))) return true;
        auto item = EK_API_TRY(item_of(entry));
        if (item) add(*std::move(item));
        return true;
    };
    return walk_until(deadline_ns, view, source_.list, walked_, read);
}

ApiResult<bool> PageWork::read_sorted(const state::View& view, std::uint64_t deadline_ns) {
    if (!EK_API_TRY(read_places(view, deadline_ns))) return false;
    const auto add_item = [&](const state::Entry& entry) -> ApiResult<bool> {
        auto item = EK_API_TRY(item_of(entry));
        if (item) add(*std::move(item));
        return true;
    };
    while (places_read_ < places_.size()) {
        has_next_ = is_full();
        if (has_next_) return true;
        SortPlace& place = places_[places_read_++];
        ApiResult<bool> added = true;
        EK_API_TRY(source_.list
                       .visit(view, place.key,
                              [&](const state::Entry& entry) {
                                  added = add_item(entry);
                                  return false;
                              })
                       .map([] { return true; }));
        EK_API_TRY(std::move(added));
        last_ = std::move(place);
        if (is_over(deadline_ns) && places_read_ < places_.size()) return false;
    }
    // Also where one of the places is gone meanwhile, so that the page is not full.
    has_next_ = has_dropped_;
    return true;
}

ApiResult<bool> PageWork::read_places(const state::View& view, std::uint64_t deadline_ns) {
    if (is_walked_) return true;
    const auto see = [&](const state::Entry& entry) -> ApiResult<bool> {
        if (!EK_API_TRY(look_into(entry))) return true;
        const auto sorted = std::span(values_).subspan(order_.filter.fields().size());
        SortOrder::shorten(sorted);
        keep_place({sorted, entry.position()});
        return true;
    };
    is_walked_ = EK_API_TRY(walk_until(deadline_ns, view, source_.list, walked_, see));
    if (!is_walked_) return false;
    std::sort_heap(places_.begin(), places_.end(),
                   [this](const auto& a, const auto& b) { return is_before(a, b); });
    return true;
}

// Whether it belongs to the list, as far as can be told; then `values_` are what its item has in
// `names_`.
ApiResult<bool> PageWork::look_into(const state::Entry& entry) {
    auto peeked = PageSource::Peeked::unknown;
    if (peek_) peeked = EK_API_TRY(peek_(entry, names_, values_));
    if (peeked == PageSource::Peeked::told) return order_.filter.matches(std::span(values_));
    if (peeked == PageSource::Peeked::not_listed) return false;
    const auto item = EK_API_TRY(item_of(entry));
    if (!item) return false;
    values_.clear();
    json::Value made;
    for (const std::string_view name : names_)
        values_.push_back(filter::field_of(*item, name, made));
    return true;
}

void PageWork::keep_place(const SortPlaceView& place) {
    if (order_.after && !is_before(*order_.after, place)) return;
    const auto before = [this](const auto& a, const auto& b) { return is_before(a, b); };
    if (places_.size() > order_.limit) {
        has_dropped_ = true;
        if (!is_before(place, places_.front())) return;
        std::pop_heap(places_.begin(), places_.end(), before);
        places_.pop_back();
    }
    places_.push_back(place.keep());
    std::push_heap(places_.begin(), places_.end(), before);
}

bool PageWork::is_before(const SortPlaceView& a, const SortPlaceView& b) const {
    return order_.sort.before(a, b, source_.list.is_reversed());
}

// The item if it belongs to the list.
ApiResult<std::optional<json::Value>> PageWork::item_of(const state::Entry& entry) const {
    auto item = EK_API_TRY(make_(entry));
    if (item && !order_.filter.matches(*item)) item.reset();
    return item;
}

bool PageWork::is_full() const {
    return items_.size() == order_.limit || bytes_ > kPageBytesMost;
}

void PageWork::add(json::Value item) {
    bytes_ += json::write(item).size();
    items_.push_back(std::move(item));
}

http::Reply PageWork::reply() {
    const json::Value next = has_next_ ? json::Value(pages_.cursor(order_, last_)) : json::Value();
    json::Object body{{"items", std::move(items_)}, {"next", next}};
    for (const auto& [name, value] : *more_) body.set(name, value);
    body.set("revision", revision_);
    http::Reply reply = http::Reply::json(200, std::move(body));
    if (has_next_) reply.with("Link", next_link(request_, next.as_string()));
    return std::move(reply).with("X-Revision", state::event_id(pages_.stream(), revision_));
}

}  // namespace evenkeel::api
