#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::templates {

// Where in a template. Bytes count from 0; lines and columns from 1, columns in characters.
struct Place {
    std::size_t byte = 0;
    std::size_t line = 1;
    std::size_t column = 1;
};
Place place_of(std::string_view text, std::size_t byte);

// What is wrong with a template or with its rendering.
struct Fault {
    // `not_found`: a name that does not exist. `limit`: too large, too deep or too long. `invalid`:
    // all else. What a NameSource or a condition refuses keeps its own code.
    Errc code = Errc::invalid;
    Place place;
    std::string what;  // one lower-case sentence without a full stop: what was expected
    std::vector<std::string> known = {};  // of `not_found`: the names that exist, nearest first
};

template <typename T = void>
using TemplateResult = tl::expected<T, Fault>;

// "line 2, column 7: unknown name 'prot': expected one of port, host".
std::string to_string(const Fault& fault);

// In this library only the byte of a fault is known; Template adds line and column.
tl::unexpected<Fault> fault_at(std::size_t byte, std::string what, Errc code = Errc::invalid);
// `problem` and the names that `wrong` may have meant, of which at most 20 are told.
Fault unknown_name(std::size_t byte, std::string problem, std::string_view wrong,
                   std::vector<std::string> names);
// `text` in quotes, printable and of bounded length.
std::string quoted(std::string_view text);

}  // namespace evenkeel::templates

namespace evenkeel {

// For EK_TRY and EK_CHECK.
inline tl::unexpected<templates::Fault> fail(templates::Fault fault) {
    return tl::unexpected<templates::Fault>(std::move(fault));
}

}  // namespace evenkeel
