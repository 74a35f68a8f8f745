#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"

namespace evenkeel::schema {

// The keywords that say how long, how many or how large a value is: minLength, maxItems,
// exclusiveMinimum, multipleOf and their like. Those about another type do not apply. [any]
class Bounds {
  public:
    // Of one schema. Requires one out of read_vocabulary.
    static Bounds of(const json::Value& schema);
    static bool has_word(std::string_view name);

    // "must have at most 8 characters", for each bound that the value breaks.
    std::vector<std::string> broken(const json::Value& value) const;

  private:
    struct Bound {
        std::size_t word;  // its place in the table of words
        json::Value limit;
    };
    std::vector<Bound> bounds_;
};

}  // namespace evenkeel::schema
