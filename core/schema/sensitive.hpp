#pragma once

#include <memory>
#include <string_view>
#include <vector>

namespace evenkeel::json {
class Value;
}

namespace evenkeel::schema {

struct SensitiveNode;

// A place in a document, and what the schema says of it: x-ek-sensitive holds at any depth, inside
// properties, additionalProperties, items, and in every branch of allOf, anyOf, oneOf, if and so
// on. A branch counts whether or not it holds for the value: what may be secret is. Valid as long
// as the SensitivePlaces that gave it. [any]
class SensitivePlace {
  public:
    // The whole value here is secret.
    bool is_secret() const;
    // Nothing here or deeper is secret.
    bool empty() const { return nodes_.empty(); }
    // Whether members of an object, or items of an array, may be secret.
    bool has_secret_members() const;
    bool has_secret_items() const;

    SensitivePlace member(std::string_view name) const;
    SensitivePlace item() const;
    // Where a pointer's token leads, an object's member or an array's item.
    SensitivePlace step(std::string_view token) const;

  private:
    friend class SensitivePlaces;
    void add(const SensitiveNode& node);

    std::vector<const SensitiveNode*> nodes_;
};

// Where the documents of a schema hold secrets. Immutable, cheap to copy. [any]
class SensitivePlaces {
  public:
    // Of a schema out of read_vocabulary.
    explicit SensitivePlaces(const json::Value& words);

    SensitivePlace root() const;

  private:
    std::shared_ptr<const SensitiveNode> root_;
};

}  // namespace evenkeel::schema
