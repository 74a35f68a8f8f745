#include <algorithm>
#include <cctype>
#include <compare>

#include <re2/re2.h>

#include "orchestrator/filter/node.hpp"

namespace evenkeel::filter {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The digits at the beginning, without leading zeros; the text goes on behind them.
std::string_view take_digits(std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) ++end;
    std::string_view digits = text.substr(0, end);
    text.remove_prefix(end);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
}

// Byte by byte, but numbers in the text by their value: 12.9 is before 12.10, and web9 before
// web10.
std::strong_ordering natural_order(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const std::string_view left = take_digits(a);
            const std::string_view right = take_digits(b);
            if (left.size() != right.size()) return left.size() <=> right.size();
            if (left != right) return left.compare(right) <=> 0;
            continue;
        }
        if (a.front() != b.front()) {
            return static_cast<unsigned char>(a.front()) <=> static_cast<unsigned char>(b.front());
        }
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return a.size() <=> b.size();
}

bool is_in_tree(std::string_view place, std::string_view root) {
    return place.starts_with(root) && (place.size() == root.size() || place[root.size()] == '/');
}

// A bare word also equals the number or the truth value that is spelled like it, and `null` what is
// null or not there.
bool equals(const json::Value& found, const Operand& operand, bool is_tree = false) {
    if (found.is_string()) {
        return is_tree ? is_in_tree(found.as_string(), operand.text)
                       : found.as_string() == operand.text;
    }
    if (operand.quoted) return false;
    if (found.is_null()) return operand.text == "null";
    if (found.is_bool()) return operand.text == (found.as_bool() ? "true" : "false");
    if (!found.is_number()) return false;
    if (found.is_integer() && json::write(found) == operand.text) return true;
    return operand.number && *operand.number == found.as_number();
}

bool has(const json::Value& found, const Operand& operand) {
    if (!operand.quoted && operand.text == "*") return !found.is_null();
    if (found.is_object()) return found.find(operand.text) != nullptr;
    if (found.is_string()) return found.as_string().find(operand.text) != std::string::npos;
    if (!found.is_array()) return false;
    const json::Array& elements = found.as_array();
    return std::any_of(elements.begin(), elements.end(),
                       [&](const json::Value& element) { return equals(element, operand); });
}

// Unordered where the two cannot be compared.
std::partial_ordering order(const json::Value& found, const Operand& operand) {
    if (found.is_string()) return natural_order(found.as_string(), operand.text);
    if (found.is_number() && operand.number) return found.as_number() <=> *operand.number;
    return std::partial_ordering::unordered;
}

bool holds(const Comparison& comparison, const json::Value& found) {
    const std::vector<Operand>& operands = comparison.operands;
    const Operand& operand = operands.front();
    switch (comparison.op) {
        case Operator::equal:
            return equals(found, operand, comparison.is_tree);
        case Operator::unequal:
            return !equals(found, operand, comparison.is_tree);
        case Operator::less:
            return order(found, operand) < 0;
        case Operator::at_most:
            return order(found, operand) <= 0;
        case Operator::more:
            return order(found, operand) > 0;
        case Operator::at_least:
            return order(found, operand) >= 0;
        case Operator::has:
            return has(found, operand);
        case Operator::in:
            return std::any_of(operands.begin(), operands.end(), [&](const Operand& one) {
                return equals(found, one, comparison.is_tree);
            });
        case Operator::matches:
            return found.is_string() &&
                   re2::RE2::PartialMatch(found.as_string(), *comparison.pattern);
    }
    return false;
}

}  // namespace

bool matches(const Node& node, const Find& find) {
    const auto part_matches = [&](const Node& part) { return matches(part, find); };
    switch (node.kind) {
        case Node::Kind::comparison:
            return holds(node.comparison, find(node.comparison));
        case Node::Kind::all:
            return std::all_of(node.parts.begin(), node.parts.end(), part_matches);
        case Node::Kind::any:
            return std::any_of(node.parts.begin(), node.parts.end(), part_matches);
        case Node::Kind::none:
            return !matches(node.parts.front(), find);
    }
    return false;
}

}  // namespace evenkeel::filter
