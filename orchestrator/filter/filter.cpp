#include "orchestrator/filter/filter.hpp"

#include <utility>

#include "orchestrator/filter/node.hpp"

namespace evenkeel::filter {
namespace {

std::optional<std::string> required_by(const Node& node, std::string_view field) {
    const Comparison& comparison = node.comparison;
    if (node.kind == Node::Kind::comparison) {
        if (comparison.op != Operator::equal || comparison.field != field || comparison.is_tree) {
            return {};
        }
        const Operand& operand = comparison.operands.front();
        const bool is_null = !operand.quoted && operand.text == "null";
        return is_null ? std::nullopt : std::optional(operand.text);
    }
    if (node.kind != Node::Kind::all) return {};
    for (const Node& part : node.parts) {
        if (auto value = required_by(part, field)) return value;
    }
    return {};
}

template <typename Visit>
void visit_comparisons(Node& node, const Visit& visit) {
    if (node.kind == Node::Kind::comparison) visit(node.comparison);
    for (Node& part : node.parts) visit_comparisons(part, visit);
}

}  // namespace

std::string FilterError::sentence() const {
    return "at position " + std::to_string(position) + ": expected " + expected +
           (found.empty() ? ", and the filter ends" : ", not '" + found + "'");
}

bool Filter::matches(const json::Value& item) const {
    json::Value made;
    return matches(
        [&](std::string_view field) -> const json::Value& { return field_of(item, field, made); });
}

bool Filter::matches(const LookUp& look_up) const {
    return !parsed_ ||
           filter::matches(parsed_->root, [&](const Comparison& comparison) -> const json::Value& {
               return look_up(comparison.field);
           });
}

bool Filter::matches(std::span<const json::Value> values) const {
    return !parsed_ ||
           filter::matches(parsed_->root, [&](const Comparison& comparison) -> const json::Value& {
               return values[comparison.index];
           });
}

std::optional<std::string> Filter::required(std::string_view field) const {
    return parsed_ ? required_by(parsed_->root, field) : std::nullopt;
}

const std::vector<FieldUse>& Filter::fields() const {
    static const std::vector<FieldUse> kNone;
    return parsed_ ? parsed_->fields : kNone;
}

Filter Filter::with_host_ids(
    const std::function<std::string(const std::string& name)>& id_of) const {
    if (!parsed_) return *this;
    auto parsed = std::make_shared<Parsed>(*parsed_);
    visit_comparisons(parsed->root, [&](Comparison& comparison) {
        if (!comparison.is_host) return;
        for (Operand& operand : comparison.operands) operand.text = id_of(operand.text);
    });
    return Filter(std::move(parsed));
}

}  // namespace evenkeel::filter
