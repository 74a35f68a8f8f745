#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"
#include "core/schema/schema.hpp"
#include "core/schema/sensitive.hpp"

namespace evenkeel::schema {

// One property of a collection as the words of its schema describe it.
struct Field {
    std::string name;
    std::string path;  // what changes and drift call it: "/content" also for content_base64
    Property property;
    std::string alias;           // x-ek-alias: a field of the state with the same in other words
    std::string absent_with;     // x-ek-absent-with: no state has it where that field is described
    bool is_deprecated = false;  // "deprecated": it should not be described any more
    std::string message;         // x-ek-message: what is told of it
    std::optional<json::Value> default_value;  // "default": what an absent field asks for
};

// All properties of a schema, in its order. A field compared by `digest` is in states and changes
// as {"sha256","size"}, never with its bytes. Immutable; made once for a schema. [any]
class Fields {
  public:
    explicit Fields(const Schema& schema);

    std::vector<Field>::const_iterator begin() const { return fields_.begin(); }
    std::vector<Field>::const_iterator end() const { return fields_.end(); }
    // The field in which the pointer of a change or drift lies, or null.
    const Field* at(std::string_view pointer) const;
    // Where secrets are, also inside of fields.
    const SensitivePlaces& sensitive() const { return sensitive_; }

  private:
    std::vector<Field> fields_;
    SensitivePlaces sensitive_;
};

// A text field may have a twin, of which a description has one: the same bytes in base64, named
// ..._base64 (content, content_base64). `name` is a field's, or a pointer that ends with one.
bool is_base64(std::string_view name);
std::string twin_of(std::string_view name);
// The bytes that the value of this field stands for; none where it is no such text.
std::optional<std::string> bytes_of(std::string_view name, const json::Value& value);

// {"sha256","size"}: of the bytes, and what a state says of them (null when it says nothing).
json::Value digest_of(std::string_view bytes);
json::Value digest_in(const json::Value& state);

}  // namespace evenkeel::schema
