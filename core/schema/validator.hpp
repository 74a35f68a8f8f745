#pragma once

#include <memory>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::schema {

// The validator library behind a plain interface: one .cpp includes it, since it takes long to
// compile. Given what without_rules leaves of a schema. [any]
class Validator {
  public:
    // Null for a schema that is empty, which all documents fit.
    static Result<std::unique_ptr<Validator>> compile(const json::Value& schema);
    ~Validator();

    void check(const json::Value& document, std::vector<FieldError>& errors) const;
    // Whether nothing is wrong, for the schema of an if or a not.
    bool accepts(const json::Value& document) const;

  private:
    struct Inside;
    explicit Validator(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace evenkeel::schema
