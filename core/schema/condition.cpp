#include "core/schema/condition.hpp"

#include <vector>

#include "core/schema/rules.hpp"
#include "core/schema/validator.hpp"

namespace evenkeel::schema {

Condition::Condition() = default;
Condition::~Condition() = default;

Result<std::unique_ptr<Condition>> Condition::compile(const json::Value& schema) {
    std::unique_ptr<Condition> made(new Condition);
    made->rules_ = std::make_unique<Rules>(EK_TRY(Rules::compile(schema, Rules::Of::condition)));
    made->rest_ = EK_TRY(Validator::compile(without_rules(schema)));
    return made;
}

bool Condition::accepts(const json::Value& value) const {
    std::vector<FieldError> errors;
    rules_->check(value, Place{}, Mode::description, errors);
    return errors.empty() && (!rest_ || rest_->accepts(value));
}

}  // namespace evenkeel::schema
