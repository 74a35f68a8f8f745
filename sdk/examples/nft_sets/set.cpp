#include "set.hpp"

#include <algorithm>

namespace nft_sets {

namespace {

constexpr std::size_t kNameMax = 64;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kNameMax && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
           });
}

bool is_family(std::string_view family) {
    constexpr std::string_view kFamilies[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev"};
    return std::find(std::begin(kFamilies), std::end(kFamilies), family) != std::end(kFamilies);
}

Range element_of(Type type, bool interval, const json::Value& value, std::size_t index) {
    const std::string place = "/elements/" + std::to_string(index);
    const auto range = value.IsString() ? range_of(type, json::text(value)) : std::nullopt;
    if (!range)
        throw sdk::Failure(EK_E_INVALID, "this is no " + std::string(name_of(type))).at(place);
    if (!interval && !range->is_single())
        throw sdk::Failure(EK_E_INVALID, "a set without interval has single values only").at(place);
    return *range;
}

std::vector<Range> elements_of(Type type, bool interval, const json::Value& array) {
    if (!array.IsArray() || array.Size() > kElementsMax)
        throw sdk::Failure(EK_E_INVALID, "this is no array of at most 10,000 elements")
            .at("/elements");
    std::vector<Range> ranges;
    for (const json::Value& value : array.GetArray())
        ranges.push_back(element_of(type, interval, value, ranges.size()));
    if (interval) return joined(std::move(ranges));
    std::sort(ranges.begin(), ranges.end());
    ranges.erase(std::unique(ranges.begin(), ranges.end()), ranges.end());
    return ranges;
}

std::string json_of(Type type, const std::vector<Range>& elements) {
    std::string array = "[";
    for (const Range& range : elements)
        (array += array.size() > 1 ? "," : "") += sdk::quote(text_of(type, range));
    return array + "]";
}

std::string json_of(Type type) {
    return sdk::quote(name_of(type));
}

std::string json_of(bool value) {
    return value ? "true" : "false";
}

}  // namespace

std::optional<SetName> set_named(std::string_view id) {
    const std::size_t table = id.find('/');
    const std::size_t name = table == id.npos ? id.npos : id.find('/', table + 1);
    if (name == id.npos) return std::nullopt;
    SetName found{std::string(id.substr(0, table)),
                  std::string(id.substr(table + 1, name - table - 1)),
                  std::string(id.substr(name + 1))};
    if (!is_family(found.family) || !is_name(found.table) || !is_name(found.name))
        return std::nullopt;
    return found;
}

std::string state_of(const Set& set) {
    return sdk::Object()
        .raw("type", json_of(set.type))
        .boolean("interval", set.interval)
        .raw("elements", json_of(set.type, set.elements))
        .json();
}

Description description_of(const json::Value& object) {
    const auto type = type_named(json::text_of(object, "type").value_or(""));
    if (!type)
        throw sdk::Failure(EK_E_INVALID, "a type of elements is needed that is served here")
            .at("/type");
    const bool interval = json::flag_of(object, "interval", true);
    const json::Value* elements = json::find(object, "elements");
    Description description{*type, interval, std::nullopt};
    if (elements) description.elements = elements_of(*type, interval, *elements);
    return description;
}

sdk::Changes difference(const Set* now, const Description& wanted) {
    using Json = std::optional<std::string>;
    sdk::Changes changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    const auto kept = [&](const std::string& value) { return now ? Json(value) : std::nullopt; };
    // The kernel changes neither of a set: another one is made in its place.
    const std::int32_t anew = now ? EK_ACT_REPLACE : EK_ACT_ADD;
    const Set was = now ? *now : Set();
    changes.field("/type", kept(json_of(was.type)), json_of(wanted.type), 0, anew);
    changes.field("/interval", kept(json_of(was.interval)), json_of(wanted.interval), 0, anew);
    const bool is_other = wanted.elements && (!now || was.type != wanted.type ||
                                              joined(was.elements) != joined(*wanted.elements));
    if (is_other)
        changes.field("/elements", kept(json_of(was.type, was.elements)),
                      json_of(wanted.type, *wanted.elements));
    return changes;
}

Set outcome_of(const Set* now, const Description& wanted) {
    Set set{wanted.type, wanted.interval, {}};
    if (wanted.elements) set.elements = *wanted.elements;
    else if (now) set.elements = now->elements;
    const bool can_stay =
        wanted.elements || !now || set.elements.empty() ||
        (now->type == set.type &&
         (set.interval || std::all_of(set.elements.begin(), set.elements.end(),
                                      [](const Range& range) { return range.is_single(); })));
    if (!can_stay)
        throw sdk::Failure(EK_E_INVALID, "the elements there are have no place in such a set")
            .at("/elements")
            .hint("describe the elements too");
    return set;
}

}  // namespace nft_sets
