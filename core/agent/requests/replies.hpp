#pragma once

#include <string>
#include <utility>

#include "core/agent/model/truncate.hpp"
#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/wire/message.hpp"

namespace evenkeel::agent {

inline wire::Reply failed(Errc code, std::string what) {
    return {Error{code, std::move(what)}, json::Object{}};
}

// Cut to what fits into one message.
inline wire::Reply replied(json::Value result) {
    write_truncated(result);
    return {std::nullopt, std::move(result)};
}

}  // namespace evenkeel::agent
