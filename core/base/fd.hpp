#pragma once

#include <evenkeel/cpp/fd.hpp>

namespace evenkeel {

// The one that plugins use.
using sdk::Fd;

}  // namespace evenkeel
