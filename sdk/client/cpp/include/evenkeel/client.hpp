#pragma once

// The client library in one include.
#include "evenkeel/client/client.hpp"
#include "evenkeel/client/context.hpp"
