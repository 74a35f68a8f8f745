#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

// "host_0192f0c1-....": a UUIDv7 (RFC 9562) behind `prefix` and an underscore. Ids made later sort
// later within one process. [any]
std::string make_id(std::string_view prefix);

// Whether `text` is `prefix`, an underscore and a lower-case UUID.
bool is_id(std::string_view prefix, std::string_view text);

}  // namespace evenkeel
