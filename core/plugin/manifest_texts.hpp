#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::plugin {

// The texts in a list of a manifest, which `name` names in the error; none where it is missing.
// [any]
inline Result<std::vector<std::string>> texts_of(const json::Value& list, const std::string& name) {
    std::vector<std::string> texts;
    if (list.is_null()) return texts;
    if (!list.is_array()) return fail(Errc::invalid, name + " is no list");
    for (const json::Value& each : list.as_array()) {
        if (!each.is_string()) return fail(Errc::invalid, name + " has what is no text");
        texts.push_back(each.as_string());
    }
    return texts;
}

}  // namespace evenkeel::plugin
