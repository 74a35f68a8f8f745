#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/api/pages.hpp"

namespace evenkeel::api {

// A page without order ends early after reading this many entries: a filter may match few.
inline constexpr std::size_t kPageEntriesReadMost = 20'000;

// What a page shows. Keeps nothing of the request.
struct PageSource {
    // Makes the item of an entry; nothing leaves it out.
    using Make = std::function<ApiResult<std::optional<json::Value>>(const state::Entry& entry)>;
    // What items have in fields, told by the entry's record, so that no item is made only to be
    // left out: `values` are set when it is `told`.
    enum class Peeked { told, not_listed, unknown };
    using Peek = std::function<ApiResult<Peeked>(
        const state::Entry&, const state::FieldNames& names, state::FieldValues& values)>;
    // Further members of the body. Nothing at `deadline_ns`, while there is more to read: then it
    // is called again, and goes on from there.
    using More = std::function<ApiResult<std::optional<json::Object>>(const state::View&,
                                                                      std::uint64_t deadline_ns)>;

    state::List list;
    // How an entry is shown at one moment.
    std::function<Make(const state::View&)> make_for;
    More more = {};
    // How entries are looked into at one moment. Absent: items are made.
    std::function<Peek(const state::View&)> peek_for = {};
};

// One page in work: {"items","next","revision"}. It is read in pieces, each from the state as it is
// by then, so that nothing is held between them; `revision` is that of the beginning, so what is
// changed meanwhile is also a change after it. In the list's own order only the entries of the page
// are read, in another one the whole list is looked into. Where entries can be looked into, items
// are made of those that the page shows, and of no others. [loop]
class PageWork {
  public:
    // Problems: those of Pages::read().
    static ApiResult<PageWork> begin(const state::View& view, const Pages& pages,
                                     const http::Request& request, PageSource source);

    // Reads on until the deadline of the monotonic clock, at least one entry; whether it is whole.
    ApiResult<bool> read_on(const state::View& view, std::uint64_t deadline_ns);
    // Requires that it is whole; once.
    http::Reply reply();

  private:
    PageWork(const Pages& pages, PageOrder order, PageSource source)
        : pages_(pages), order_(std::move(order)), source_(std::move(source)) {}
    ApiResult<bool> read_extra_members(const state::View& view, std::uint64_t deadline_ns);
    ApiResult<bool> read_entries(const state::View& view, std::uint64_t deadline_ns);
    ApiResult<bool> read_places(const state::View& view, std::uint64_t deadline_ns);
    ApiResult<bool> read_sorted(const state::View& view, std::uint64_t deadline_ns);
    ApiResult<std::optional<json::Value>> item_of(const state::Entry& entry) const;
    ApiResult<bool> look_into(const state::Entry& entry);
    void keep_place(const SortPlaceView& place);
    bool is_before(const SortPlaceView& a, const SortPlaceView& b) const;
    bool is_full() const;
    void add(json::Value item);

    Pages pages_;
    PageOrder order_;
    PageSource source_;
    http::Request request_;  // its target and query
    std::uint64_t revision_ = 0;
    std::optional<json::Object> more_;
    // Of the present piece.
    PageSource::Make make_;
    PageSource::Peek peek_;
    state::FieldNames names_;  // that the filter asks for, then the order
    state::FieldValues values_;

    std::string walked_;  // position of the entry read last
    std::size_t entries_read_ = 0;
    bool is_walked_ = false;
    // In another order: the first places past the page before, one more than fit on a page. A heap
    // with the last one on top, then, once the list is walked, in order.
    std::vector<SortPlace> places_;
    std::size_t places_read_ = 0;
    bool has_dropped_ = false;  // places behind them

    json::Array items_;
    std::size_t bytes_ = 0;
    bool has_next_ = false;
    SortPlace last_;
};

}  // namespace evenkeel::api
