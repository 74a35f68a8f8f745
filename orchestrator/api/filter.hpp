#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/list_fields.hpp"
#include "orchestrator/state/list.hpp"

namespace evenkeel::api {

inline constexpr std::size_t kFilterBytesMost = 4096;
inline constexpr std::size_t kFilterTermsMost = 32;

// `filter` of a list: `field = value` joined by AND. A value is a bare word or stands in double
// quotes, where \" and \\ are a quote and a backslash. A bare word also equals the number or truth
// value that is spelled like it, and `null` what is null or not there. The rest of the grammar
// (orchestrator.md C11) is reserved: it is refused, so that it can mean something later.
class Filter {
  public:
    Filter() = default;  // everything matches
    // `bad-filter` with `position` (bytes from 0) and `expected`.
    static ApiResult<Filter> read(std::string_view text, const Fields& fields,
                                  const state::View& view);
    bool matches(const json::Value& item) const;
    // The same by what an item has in fields(), in their order, which come first in `values`.
    bool matches(const state::FieldValues& values) const;
    // Those that it names. Valid as long as it is.
    state::FieldNames fields() const;
    bool empty() const { return terms_.empty(); }
    std::size_t size() const { return terms_.size(); }  // of fields()

  private:
    struct Term {
        std::string field;
        std::string value;
        bool quoted = false;
    };
    std::vector<Term> terms_;

    friend class FilterReader;
};

}  // namespace evenkeel::api
