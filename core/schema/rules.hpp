#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"
#include "core/schema/bounds.hpp"
#include "core/schema/schema.hpp"

namespace re2 {
class RE2;
}

namespace evenkeel::schema {

class Condition;

// Where a value is in the document: on the stack of who checks it, as a pointer is only made of it
// where something is wrong.
struct Place {
    const Place* above = nullptr;
    std::string_view name = {};  // of the member
    std::size_t index = 0;       // of the item, where there is no name

    std::string pointer() const;  // RFC 6901
};

// Of one description or state, no more are told.
inline constexpr std::size_t kErrorsMax = 100;

// A pattern that takes time linear to the text, or `invalid` with RE2's reason.
Result<std::unique_ptr<re2::RE2>> compile_pattern(const std::string& pattern);

// The keywords that are checked here, because the validator library reports their errors badly,
// runs them too slowly, or does not know of descriptions and states: type, enum,
// required, additionalProperties false, pattern, contentEncoding base64, uniqueItems, bounds, not,
// if, readOnly, writeOnly. One node for each subschema that always applies, and for the branches of
// its if. x-ek-message is the text of its own node's errors. [any]
class Rules {
  public:
    // In a condition readOnly and writeOnly say nothing.
    enum class Of { documents, condition };
    // Requires a schema out of read_vocabulary.
    static Result<Rules> compile(const json::Value& schema, Of of = Of::documents);

    Rules();
    Rules(Rules&&) noexcept;
    Rules& operator=(Rules&&) noexcept;
    ~Rules();

    void check(const json::Value& value, const Place& at, Mode mode,
               std::vector<FieldError>& errors) const;

  private:
    void check_itself(const json::Value& value, const Place& at,
                      std::vector<FieldError>& errors) const;
    void check_object(const json::Object& object, const Place& at, Mode mode,
                      std::vector<FieldError>& errors) const;
    void check_array(const json::Array& array, const Place& at, Mode mode,
                     std::vector<FieldError>& errors) const;
    void check_conditions(const json::Value& value, const Place& at, Mode mode,
                          std::vector<FieldError>& errors) const;
    Result<void> compile_nested(const json::Value& schema, Of of);
    Result<void> compile_conditions(const json::Value& schema, Of of);
    std::string told(std::string otherwise) const;
    bool absent_in(Mode mode) const;

    std::map<std::string, Rules, std::less<>> properties_;
    std::unique_ptr<Rules> others_;  // for properties not named
    std::unique_ptr<Rules> items_;
    std::unique_ptr<Rules> names_;  // propertyNames
    std::vector<Rules> all_of_;
    std::vector<std::string> required_;
    std::vector<std::string> types_;  // none: any
    json::Array allowed_;             // enum; none: any
    std::unique_ptr<re2::RE2> pattern_;
    Bounds bounds_;
    std::unique_ptr<Condition> if_;
    std::unique_ptr<Rules> then_;
    std::unique_ptr<Rules> else_;
    std::unique_ptr<Condition> not_;
    std::string message_;  // x-ek-message
    bool base64_ = false;
    bool closed_ = false;
    bool unique_ = false;
    bool read_only_ = false;
    bool write_only_ = false;
};

// The schema without the keywords that Rules checks and those that forbid nothing: the rest, for
// the validator library. Empty where nothing is left.
json::Value without_rules(const json::Value& schema);

}  // namespace evenkeel::schema
