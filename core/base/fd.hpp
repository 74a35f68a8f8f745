#pragma once

#include <evenkeel/cpp/fd.hpp>

namespace evenkeel {

// A file descriptor with an owner; the same type that plugins use.
using sdk::Fd;

}  // namespace evenkeel
