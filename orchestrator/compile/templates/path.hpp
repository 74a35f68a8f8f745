#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orchestrator/compile/templates/fault.hpp"

// What a tag names, as it was written.
namespace evenkeel::templates {

inline constexpr std::size_t kPathBytesMost = 256;

struct Path {
    enum class Base {
        scope,  // a member of the item of the section around, or a name of the top level
        root,   // `root.` and a name of the top level
        item,   // `.`
        index,  // @index
        first,  // @first
        last,   // @last
    };
    Base base = Base::scope;
    std::string text = {};  // the parts with dots between them; empty for what has none
    std::size_t byte = 0;   // where `text` begins in the template
};

// The whole `text`, which stands at `byte`, is the path.
TemplateResult<Path> read_path(std::string_view text, std::size_t byte);
// As it is written in a template.
std::string to_string(const Path& path);

}  // namespace evenkeel::templates
