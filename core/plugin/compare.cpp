#include "core/plugin/compare.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "core/base/text.hpp"
#include "core/schema/fields.hpp"
#include "core/secrets/redactor.hpp"

namespace evenkeel::plugin {
namespace {

std::vector<std::string> as_set(const json::Value& array) {
    std::vector<std::string> items;
    for (const json::Value& item : array.as_array()) items.push_back(json::write_canonical(item));
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    return items;
}

std::string lower(std::string text) {
    for (char& letter : text)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return text;
}

bool equal(const schema::Field& field, const json::Value& expected, const json::Value& actual,
           const json::Value& state) {
    if (expected == actual) return true;
    if (field.property.compare == schema::Comparison::set && expected.is_array() &&
        actual.is_array())
        return as_set(expected) == as_set(actual);
    if (field.property.compare == schema::Comparison::caseless && expected.is_string() &&
        actual.is_string())
        return lower(expected.as_string()) == lower(actual.as_string());
    const json::Value& other = state[field.alias];
    if (!field.alias.empty() && expected.is_string() && other.is_integer())
        return expected.as_string() == std::to_string(other.as_integer());
    return false;
}

// More than any description has (wire::kDescriptionBytesMost).
constexpr std::int64_t kDescribedBytesMost = 512 * 1024;

// What a described digest field asks for, and what the state has.
std::pair<json::Value, json::Value> digests(const schema::Field& field,
                                            const json::Value& described,
                                            const json::Value& state) {
    const std::string bytes = schema::bytes_of(field.name, described).value_or("");
    const json::Value& redacted_already = state[field.path.substr(1)];
    if (!redacted_already.is_null()) return {schema::digest_of(bytes), redacted_already};
    json::Value actual = schema::digest_in(state);
    // The size has decided. Its hash is known later or never: not another drift when it comes.
    if (actual.is_object() && actual.integer_or("size") > kDescribedBytesMost)
        actual.as_object().set("sha256", nullptr);
    return {schema::digest_of(bytes), std::move(actual)};
}

// What a state must not have beside a described field: more than was asked for.
bool is_surplus(const schema::Field& field, const json::Value& description,
                const json::Value& state) {
    return !field.absent_with.empty() && description.find(field.absent_with) != nullptr &&
           state.find(field.name) != nullptr;
}

}  // namespace

std::vector<wire::FieldDrift> compare_by_words(const schema::Fields& fields,
                                               const json::Value& description,
                                               const json::Value& state,
                                               const secrets::Redactor& redactor) {
    if (state.is_null()) return {{"/ensure", "present", "absent"}};
    std::vector<wire::FieldDrift> drift;
    for (const schema::Field& field : fields) {
        if (is_surplus(field, description, state))
            drift.push_back({field.path, nullptr, state[field.name]});
        const bool by_digest = field.property.compare == schema::Comparison::digest;
        if (field.property.read_only || field.property.compare == schema::Comparison::changing)
            continue;
        if (field.property.write_only && !by_digest) continue;
        const json::Value* described = description.find(field.name);
        if (described == nullptr && field.default_value) described = &*field.default_value;
        if (described == nullptr) continue;

        json::Value expected = *described;
        json::Value actual = state[field.name];
        if (by_digest) std::tie(expected, actual) = digests(field, *described, state);
        if (equal(field, expected, actual, state)) continue;
        // The state may be redacted already.
        expected = redactor.changed(fields, description, field.path, std::move(expected));
        actual = redactor.changed(fields, description, field.path, std::move(actual));
        if (!equal(field, expected, actual, state))
            drift.push_back({field.path, std::move(expected), std::move(actual)});
    }
    return drift;
}

}  // namespace evenkeel::plugin
