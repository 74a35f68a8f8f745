#pragma once

#include <memory>
#include <string>
#include <vector>

#include "orchestrator/filter/filter.hpp"

namespace re2 {
class RE2;
}

// A filter that was read. Inside this folder only.
namespace evenkeel::filter {

enum class Operator { equal, unequal, less, at_most, more, at_least, has, in, matches };

// A value of the filter's text.
struct Operand {
    std::string text;
    // Stood in quotes: it is text, never a number, a truth value, `null` or `*`.
    bool quoted = false;
    // The number that a bare word spells.
    std::optional<double> number = {};
};

struct Comparison {
    std::string field;
    std::size_t index = 0;  // of the field in Parsed::fields
    Operator op = Operator::equal;
    std::vector<Operand> operands;  // one, but for `in`
    bool is_host = false;
    bool is_tree = false;
    std::shared_ptr<const re2::RE2> pattern = {};  // of `matches`
};

struct Node {
    enum class Kind { comparison, all, any, none };

    Kind kind = Kind::comparison;
    Comparison comparison = {};
    std::vector<Node> parts = {};  // of `all` and `any` two or more, of `none` one
};

struct Parsed {
    Node root;
    std::vector<FieldUse> fields;
};

// What an item has in the field of a comparison.
using Find = std::function<const json::Value&(const Comparison&)>;
bool matches(const Node& node, const Find& find);

}  // namespace evenkeel::filter
