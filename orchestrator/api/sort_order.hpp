#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/filter.hpp"
#include "orchestrator/state/list.hpp"

namespace evenkeel::api {

inline constexpr std::size_t kSortFieldsMost = 4;
// Text is compared by its first bytes; entries that are equal in them keep the list's order.
inline constexpr std::size_t kSortTextBytes = 192;

// Where an entry stands: what the sort fields hold, then the entry's own key.
struct SortPlace {
    std::vector<json::Value> values;
    std::string key;
};
// The same while it is looked at.
struct SortPlaceView {
    SortPlaceView(std::span<const json::Value> of, std::string_view at) : values(of), key(at) {}
    SortPlaceView(const SortPlace& place) : values(place.values), key(place.key) {}
    SortPlace keep() const { return {{values.begin(), values.end()}, std::string(key)}; }

    std::span<const json::Value> values;
    std::string_view key;
};

// `order_by` of a list: `a,-b`, at most four fields; `-` is from the highest down. Null and what is
// not there come first, then truth values, numbers, text (by its bytes), anything else.
class SortOrder {
  public:
    SortOrder() = default;  // the list's own
    // `invalid-parameter` with `position` and `expected`.
    static ApiResult<SortOrder> read(std::string_view text, const Fields& fields);
    bool empty() const { return parts_.empty(); }

    // Those that it names. Valid as long as it is.
    state::FieldNames fields() const;
    // Makes the values of fields() those of a place.
    static void shorten(std::span<json::Value> values);
    // Whether `a` comes before `b`. Equal ones follow their keys, backwards when `reverse`.
    bool before(const SortPlaceView& a, const SortPlaceView& b, bool reverse) const;

    // A place as JSON and back, for cursors. Nothing when it is not one of this order.
    static json::Value write(const SortPlace& place);
    std::optional<std::vector<json::Value>> values_from(const json::Value& value) const;

  private:
    struct Part {
        std::string field;
        bool down = false;
    };
    std::vector<Part> parts_;
};

}  // namespace evenkeel::api
