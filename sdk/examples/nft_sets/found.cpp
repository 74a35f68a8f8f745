#include "found.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace nft_sets {

namespace {

std::string text_of_value(const json::Value& value) {
    return value.IsString() ? std::string(json::text(value)) : json::write(value);
}

// "10.0.0.1", {"prefix": {"addr","len"}}, {"range": [first, last]}, or {"elem": {"val": one of
// these, "comment": ...}}.
std::optional<Range> range_in(Type type, const json::Value& value) {
    if (!value.IsObject()) return range_of(type, text_of_value(value));
    if (const json::Value* element = json::find(value, "elem")) {
        const json::Value* inner = element->IsObject() ? json::find(*element, "val") : nullptr;
        const bool is_nested = !inner || (inner->IsObject() && json::find(*inner, "elem"));
        return is_nested ? std::nullopt : range_in(type, *inner);
    }
    if (const json::Value* prefix = json::find(value, "prefix")) {
        const json::Value* address = prefix->IsObject() ? json::find(*prefix, "addr") : nullptr;
        const json::Value* length = address ? json::find(*prefix, "len") : nullptr;
        if (!length) return std::nullopt;
        return range_of(type, text_of_value(*address) + "/" + text_of_value(*length));
    }
    const json::Value* range = json::find(value, "range");
    if (!range || !range->IsArray() || range->Size() != 2) return std::nullopt;
    return range_of(type, text_of_value((*range)[0]) + "-" + text_of_value((*range)[1]));
}

void add_elements(const json::Value& array, Found& found) {
    if (!array.IsArray() || array.Size() > kElementsMax) {
        found.problem = "it has more than 10,000 elements";
        return;
    }
    std::vector<std::pair<Range, std::string>> elements;
    for (const json::Value& value : array.GetArray()) {
        const auto range = range_in(found.set.type, value);
        if (!range) found.problem = "it has an element of another kind than its type";
        else elements.emplace_back(*range, json::write(value));
    }
    std::sort(elements.begin(), elements.end());
    for (auto& [range, written] : elements) {
        found.set.elements.push_back(range);
        found.written.push_back(std::move(written));
    }
}

void add_flags(const json::Value& value, Found& found) {
    // Later versions write one flag without the array.
    for (const std::string& flag :
         value.IsArray() ? json::texts_of(value) : std::vector{text_of_value(value)}) {
        if (flag == "interval") found.set.interval = true;
        else found.flags.push_back(sdk::quote(flag));
        if (flag == "timeout" || flag == "dynamic")
            found.problem = "its elements come and go by themselves: it has the flag " + flag;
    }
}

// Nothing for one that cannot have an id.
std::optional<Found> found_of(const json::Value& object) {
    const auto text = [&](const char* name) {
        return std::string(json::text_of(object, name).value_or(""));
    };
    const auto name = set_named(text("family") + "/" + text("table") + "/" + text("name"));
    if (!name) return std::nullopt;
    Found found{*name, Set{Type::ipv4_addr, false, {}}, "", {}, {}, {}};
    const json::Value* elements = json::find(object, "elem");
    for (const auto& member : object.GetObject()) {
        const std::string_view key = json::text(member.name);
        if (key == "flags") add_flags(member.value, found);
        else if (key != "family" && key != "table" && key != "name" && key != "type" &&
                 key != "handle" && key != "elem")
            found.rest.emplace_back(key, json::write(member.value));
    }
    const json::Value* type = json::find(object, "type");
    const auto known = type && type->IsString() ? type_named(json::text(*type)) : std::nullopt;
    if (known) found.set.type = *known;
    else found.problem = "its elements are of a type that is not served";
    if (found.problem.empty() && elements) add_elements(*elements, found);
    return found;
}

}  // namespace

const std::string* written_of(const Found& found, const Range& range) {
    const std::vector<Range>& all = found.set.elements;
    const auto at = std::lower_bound(all.begin(), all.end(), range);
    if (at == all.end() || *at != range) return nullptr;
    return &found.written[static_cast<std::size_t>(at - all.begin())];
}

std::vector<Found> sets_in(const std::string& output) {
    std::vector<Found> sets;
    const json::Document document = json::parse_object(output);
    const json::Value* objects = json::find(document, "nftables");
    if (!objects || !objects->IsArray()) return sets;
    for (const json::Value& object : objects->GetArray()) {
        const json::Value* set = object.IsObject() ? json::find(object, "set") : nullptr;
        if (!set || !set->IsObject()) continue;
        if (auto found = found_of(*set)) sets.push_back(std::move(*found));
    }
    return sets;
}

}  // namespace nft_sets
