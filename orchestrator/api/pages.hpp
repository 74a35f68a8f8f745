#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/secrets/protector.hpp"
#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/filter.hpp"
#include "orchestrator/api/sort_order.hpp"
#include "orchestrator/state/list.hpp"

// Which page of which list is wanted. A cursor is the last entry's place, bound
// to the list with its filters and order, signed, and good for this store only. What stays in the
// list and in its place is on one page exactly, whatever is written between two pages.
namespace evenkeel::api {

inline constexpr std::size_t kPageDefault = 100;
inline constexpr std::size_t kPageMost = 1'000;
// A page ends early when its items have more than this: descriptions may be large.
inline constexpr std::size_t kPageBytesMost = 4 << 20;

struct PageOrder {
    std::size_t limit = kPageDefault;
    std::string list;  // path, filters and order
    Filter filter;
    SortOrder sort;
    // Of the last entry of the page before; nothing = from the start.
    std::optional<SortPlace> after;
};

// Reads the query of one list, and writes its cursors. A value. [loop]
class Pages {
  public:
    // `fields` outlive it: what `filter` and `order_by` may name.
    Pages(const secrets::Protector& protector, std::string stream, const Fields& fields)
        : protector_(&protector), stream_(std::move(stream)), fields_(&fields) {}

    const std::string& stream() const { return stream_; }

    // From the query: `invalid-parameter`, `bad-filter`, `bad-cursor`, or `gone` for a cursor of an
    // older stream.
    ApiResult<PageOrder> read(const state::View& view, const http::Request& request) const;

    // The cursor of the page behind `last`.
    std::string cursor(const PageOrder& order, const SortPlace& last) const;

  private:
    ApiResult<bool> read_cursor(const std::string& given, PageOrder& order) const;

    const secrets::Protector* protector_;
    std::string stream_;
    const Fields* fields_;
};

// `limit`, `cursor`, `filter`, `order_by` and those of `more`, for a route's table.
std::vector<http::QueryParameter> page_parameters(const Fields& fields,
                                                  std::vector<http::QueryParameter> more = {});

// The schema of such a list, of items with this schema, whose body has further members.
json::Value list_schema(std::string_view item, const json::Object& more = {});

}  // namespace evenkeel::api
