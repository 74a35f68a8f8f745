#pragma once

#include <memory>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::schema {

class Rules;
class Validator;

// A schema that need not hold, of an if or a not: the validator library is asked only for what
// Rules does not know. [any]
class Condition {
  public:
    // Requires a schema out of read_vocabulary.
    static Result<std::unique_ptr<Condition>> compile(const json::Value& schema);
    ~Condition();

    bool accepts(const json::Value& value) const;

  private:
    Condition();
    std::unique_ptr<Rules> rules_;
    std::unique_ptr<Validator> rest_;  // null: Rules knows all of it
};

}  // namespace evenkeel::schema
