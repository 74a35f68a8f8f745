#include "core/schema/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>

namespace evenkeel::schema {
namespace {

using json::Value;

enum class Measure { characters, items, fields, number };
enum class Side { at_least, more_than, at_most, less_than, multiple_of };

struct BoundWord {
    std::string_view name;
    Measure measure;
    Side side;
};
constexpr BoundWord kBoundWords[] = {
    {"minLength", Measure::characters, Side::at_least},
    {"maxLength", Measure::characters, Side::at_most},
    {"minItems", Measure::items, Side::at_least},
    {"maxItems", Measure::items, Side::at_most},
    {"minProperties", Measure::fields, Side::at_least},
    {"maxProperties", Measure::fields, Side::at_most},
    {"minimum", Measure::number, Side::at_least},
    {"exclusiveMinimum", Measure::number, Side::more_than},
    {"maximum", Measure::number, Side::at_most},
    {"exclusiveMaximum", Measure::number, Side::less_than},
    {"multipleOf", Measure::number, Side::multiple_of},
};

Value count(std::size_t number) {
    return Value(static_cast<std::int64_t>(number));
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

// Nothing where the value is of another type.
std::optional<Value> measured(Measure measure, const Value& value) {
    if (measure == Measure::characters && value.is_string())
        return count(characters(value.as_string()));
    if (measure == Measure::items && value.is_array()) return count(value.as_array().size());
    if (measure == Measure::fields && value.is_object()) return count(value.as_object().size());
    if (measure == Measure::number && value.is_number()) return value;
    return std::nullopt;
}

// Whole numbers as such: a double does not hold all of them.
bool is_less(const Value& a, const Value& b) {
    return a.is_integer() && b.is_integer() ? a.as_integer() < b.as_integer()
                                            : a.as_number() < b.as_number();
}

// 0.3 is a multiple of 0.1, though not of the doubles.
bool is_multiple(const Value& a, const Value& b) {
    if (a.is_integer() && b.is_integer()) return a.as_integer() % b.as_integer() == 0;
    const double number = a.as_number();
    return std::abs(std::remainder(number, b.as_number())) <=
           std::abs(number) * std::numeric_limits<double>::epsilon();
}

bool holds(Side side, const Value& found, const Value& limit) {
    switch (side) {
        case Side::at_least:
            return !is_less(found, limit);
        case Side::more_than:
            return is_less(limit, found);
        case Side::at_most:
            return !is_less(limit, found);
        case Side::less_than:
            return is_less(found, limit);
        case Side::multiple_of:
            return is_multiple(found, limit);
    }
    return true;
}

std::string sentence(const BoundWord& word, const Value& limit) {
    constexpr std::string_view kUnits[] = {" character", " item", " field"};
    constexpr std::string_view kSides[] = {"at least ", "more than ", "at most ", "less than ",
                                           "a multiple of "};
    const std::string bound =
        std::string(kSides[static_cast<std::size_t>(word.side)]) + json::write(limit);
    if (word.measure == Measure::number) return "must be " + bound;
    const bool is_one = limit == count(1);
    if (is_one && word.side == Side::at_least) return "must not be empty";
    return "must have " + bound + std::string(kUnits[static_cast<std::size_t>(word.measure)]) +
           (is_one ? "" : "s");
}

}  // namespace

Bounds Bounds::of(const Value& schema) {
    Bounds bounds;
    for (std::size_t at = 0; at < std::size(kBoundWords); ++at) {
        const Value* limit = schema.find(kBoundWords[at].name);
        if (limit != nullptr) bounds.bounds_.push_back({at, *limit});
    }
    return bounds;
}

bool Bounds::has_word(std::string_view name) {
    return std::any_of(std::begin(kBoundWords), std::end(kBoundWords),
                       [name](const BoundWord& word) { return word.name == name; });
}

std::vector<std::string> Bounds::broken(const Value& value) const {
    std::vector<std::string> sentences;
    for (const auto& [at, limit] : bounds_) {
        const BoundWord& word = kBoundWords[at];
        const auto found = measured(word.measure, value);
        if (found && !holds(word.side, *found, limit)) sentences.push_back(sentence(word, limit));
    }
    return sentences;
}

}  // namespace evenkeel::schema
