#include "core/schema/sensitive.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/json/json.hpp"

namespace evenkeel::schema {

// A subschema, without the branches in which nothing is secret.
struct SensitiveNode {
    bool secret = false;
    std::map<std::string, SensitiveNode, std::less<>> properties;
    std::set<std::string, std::less<>> named;  // all properties: the others are not among them
    std::unique_ptr<SensitiveNode> others;
    std::vector<SensitiveNode> items;  // items and contains
    std::vector<SensitiveNode> also;   // of the same value

    bool empty() const {
        return !secret && properties.empty() && !others && items.empty() && also.empty();
    }
};

namespace {

SensitiveNode compile(const json::Value& words);

void add_if_any(std::vector<SensitiveNode>& to, const json::Value& words) {
    if (!words.is_object()) return;
    SensitiveNode node = compile(words);
    if (!node.empty()) to.push_back(std::move(node));
}

void add_properties(SensitiveNode& node, const json::Value& properties) {
    if (!properties.is_object()) return;
    for (const auto& [name, words] : properties.as_object()) {
        node.named.insert(name);
        SensitiveNode property = compile(words);
        if (!property.empty()) node.properties.emplace(name, std::move(property));
    }
}

// Recurses as deep as the schema, which read_vocabulary bounds.
SensitiveNode compile(const json::Value& words) {
    SensitiveNode node;
    node.secret = words.bool_or("x-ek-sensitive");
    add_properties(node, words["properties"]);
    if (words["additionalProperties"].is_object()) {
        SensitiveNode others = compile(words["additionalProperties"]);
        if (!others.empty()) node.others = std::make_unique<SensitiveNode>(std::move(others));
    }
    for (const char* word : {"items", "contains"}) add_if_any(node.items, words[word]);
    for (const char* word : {"if", "then", "else", "not"}) add_if_any(node.also, words[word]);
    for (const char* word : {"allOf", "anyOf", "oneOf"}) {
        if (!words[word].is_array()) continue;
        for (const json::Value& each : words[word].as_array()) add_if_any(node.also, each);
    }
    return node;
}

}  // namespace

bool SensitivePlace::is_secret() const {
    return std::any_of(nodes_.begin(), nodes_.end(), [](const auto* node) { return node->secret; });
}

bool SensitivePlace::has_secret_members() const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto* node) { return !node->properties.empty() || node->others; });
}

bool SensitivePlace::has_secret_items() const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto* node) { return !node->items.empty(); });
}

void SensitivePlace::add(const SensitiveNode& node) {
    if (node.empty()) return;
    nodes_.push_back(&node);
    for (const SensitiveNode& each : node.also) add(each);
}

SensitivePlace SensitivePlace::member(std::string_view name) const {
    SensitivePlace place;
    for (const SensitiveNode* node : nodes_) {
        const auto property = node->properties.find(name);
        if (property != node->properties.end()) place.add(property->second);
        if (node->others && !node->named.contains(name)) place.add(*node->others);
    }
    return place;
}

SensitivePlace SensitivePlace::item() const {
    SensitivePlace place;
    for (const SensitiveNode* node : nodes_)
        for (const SensitiveNode& each : node->items) place.add(each);
    return place;
}

SensitivePlace SensitivePlace::step(std::string_view token) const {
    SensitivePlace place = member(token);
    const SensitivePlace items = item();
    place.nodes_.insert(place.nodes_.end(), items.nodes_.begin(), items.nodes_.end());
    return place;
}

SensitivePlaces::SensitivePlaces(const json::Value& words)
    : root_(std::make_shared<const SensitiveNode>(compile(words))) {}

SensitivePlace SensitivePlaces::root() const {
    SensitivePlace place;
    place.add(*root_);
    return place;
}

}  // namespace evenkeel::schema
