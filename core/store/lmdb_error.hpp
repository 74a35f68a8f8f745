#pragma once

#include <string_view>

#include "core/base/result.hpp"

namespace evenkeel::store {

// The Error for a code of LMDB's or of the system's; only for this folder's own files.
Error lmdb_error(int code, std::string_view doing);

}  // namespace evenkeel::store
