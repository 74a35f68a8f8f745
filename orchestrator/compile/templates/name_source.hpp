#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::json {
class Value;
}

namespace evenkeel::templates {

struct FoundName {
    const json::Value* value = nullptr;  // null: there is no such name
    bool secret = false;                 // whatever it flows into is secret too
};

// What a template is rendered with: the names of its top level, which may be computed when they are
// asked for. It is asked on the thread of the rendering, and for the same name as often as the
// template names it, so that a source remembers what is costly.
class NameSource {
  public:
    virtual ~NameSource() = default;
    // The value stays valid and unchanged until the rendering ends. An error (a link that leads
    // nowhere) ends the rendering with its code and text.
    virtual Result<FoundName> find(std::string_view name) = 0;
    // Those that exist, in any order: asked for only to say what a wrong name may have meant.
    virtual std::vector<std::string> known() = 0;
};

// A name of the top level as a template uses it.
struct NameUse {
    std::string path;      // dotted, without `root.`: "host.labels.role"
    std::size_t byte = 0;  // where it stands first
    // False inside a section: if that section is over a list or an object, it is a member of the
    // item instead.
    bool certain = true;
};

}  // namespace evenkeel::templates
