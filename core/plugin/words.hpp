#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"
#include "core/plugin/collection.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::plugin {

// One property of a collection as the x-ek- words of its schema describe it.
struct Field {
    std::string name;
    std::string path;  // what changes and drift call it: "/content" also for content_base64
    schema::Property words;
    std::string alias;                    // x-ek-alias: a state field with the same in other words
    std::optional<json::Value> standard;  // "default": what an absent field asks for
};

// What the schema says about all of them. A field compared by `digest` stands in states and changes
// as {"sha256","size"}; when the description says "sensitive": true, that is a secret too. [any]
class Words {
  public:
    explicit Words(const schema::Schema& schema);

    const std::vector<Field>& fields() const { return fields_; }
    // The field that a change's or drift's pointer lies in, or null.
    const Field* at(std::string_view pointer) const;
    bool secret(const Field& field, const json::Value& description) const;

  private:
    std::vector<Field> fields_;
};

// {"sha256","size"} of the bytes, and out of a state; null if the state has none.
json::Value digest_of(std::string_view bytes);
json::Value digest_in(const json::Value& state);

}  // namespace evenkeel::plugin
