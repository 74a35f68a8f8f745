#pragma once

#include <string_view>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/filter/filter.hpp"

namespace evenkeel::api {

using filter::Field;
using filter::Fields;
using filter::Filter;

// The filter of a request; a host may be named where a field holds its id. `bad-filter` with
// `position` (bytes from 0) and `expected`.
ApiResult<Filter> read_filter(std::string_view text, const Fields& fields, const state::View& view);

}  // namespace evenkeel::api
