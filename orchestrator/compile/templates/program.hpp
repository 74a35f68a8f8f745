#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "orchestrator/compile/templates/condition.hpp"
#include "orchestrator/compile/templates/format.hpp"
#include "orchestrator/compile/templates/name_source.hpp"

// What a template is parsed into: a flat list, in which a block lies before its content and knows
// where that ends.
namespace evenkeel::templates {

struct Op {
    enum class Kind {
        text,       // the bytes from `begin` to `end`
        value,      // `expression`
        section,    // `expression.path`, and the ops up to `next`
        inverted,   // likewise
        condition,  // tests[test], and the ops up to `next`
    };
    Kind kind = Kind::text;
    std::size_t begin = 0;  // of the text or the tag in the template
    std::size_t end = 0;
    Expression expression = {};
    std::size_t test = 0;
    std::size_t next = 0;
};

struct Test {
    Condition condition;
    std::vector<Path> paths;  // of condition.fields, in their order
    std::size_t byte = 0;     // where the condition begins in the template
};

struct Program {
    std::string text;
    std::vector<Op> ops = {};
    std::vector<Test> tests = {};
    std::vector<NameUse> uses = {};  // sorted by path, each path once
    bool single_tag = false;         // nothing but one tag that is replaced by a value
};

}  // namespace evenkeel::templates
