#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/compile/templates/fault.hpp"

namespace evenkeel::json {
class Value;
}

namespace evenkeel::templates {

// The value that a path of a condition names where the condition stands, by the rules of tags. Null
// for what is missing below `labels` or `facts`, which counts as null. After an error the rendering
// fails, whatever the condition makes of it.
using FindField = std::function<Result<const json::Value*>(std::string_view path)>;

// The FILTER of `{{#if FILTER}}`. The filter language is a library of its own, which this one does
// not know; whoever parses templates brings it.
struct Condition {
    struct Field {
        std::string path;
        std::size_t position = 0;  // where in FILTER it stands first
    };
    // Every path that `holds` may ask for.
    std::vector<Field> fields;
    // Called by every rendering, on its thread.
    std::function<Result<bool>(const FindField& find)> holds;
};

// Reads a FILTER, once for each template. Places of faults count from the start of `text`.
using ReadCondition = std::function<TemplateResult<Condition>(std::string_view text)>;

}  // namespace evenkeel::templates
