#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/names.hpp"
#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::schema {

class SensitivePlaces;

// One field of a document that breaks the schema.
struct FieldError {
    std::string pointer;  // RFC 6901; "" is the document
    std::string code;     // "unknown-field" or "invalid"
    std::string detail;   // a sentence for people, without the value
};

// x-ek-compare: how a field of a description and of a state are held against each other.
enum class Comparison { exact, set, caseless, digest, changing };
constexpr auto enum_names(Comparison) {
    return names<Comparison>("x-ek-compare", {{Comparison::exact, "exact"},
                                              {Comparison::set, "set"},
                                              {Comparison::caseless, "caseless"},
                                              {Comparison::digest, "digest"},
                                              {Comparison::changing, "volatile"}});
}

// What a property's words say about it.
struct Property {
    bool sensitive = false;   // x-ek-sensitive
    bool read_only = false;   // readOnly: only in states
    bool write_only = false;  // writeOnly: only in descriptions
    bool replace = false;     // x-ek-replace: a change makes the resource anew
    Comparison compare = Comparison::exact;
};

// What the document says: what was asked for, where readOnly properties have no place, or what was
// read, where writeOnly ones have none.
enum class Mode { description, state };

// A collection's JSON Schema, compiled. The words taken are those that mean the same in Draft 7 and
// 2020-12, and x-ek-...; any other is refused, so that no rule is silently left out. Patterns run
// in RE2, in time linear to the text. Immutable; a copy costs nothing. [any]
class Schema {
  public:
    // `invalid` says which word is wrong, and where. Text of at most 256 KiB.
    static Result<Schema> compile(std::string_view text);

    // All wrong fields, by pointer; empty when there is none. Never more than 100.
    std::vector<FieldError> validate(const json::Value& document, Mode mode) const;

    // Whether `id` fits the key's pattern; true for a schema without one.
    bool accepts_key(std::string_view id) const;
    // From "x-ek-key": {"pattern": ..., "description": ...} at the root; else empty.
    const std::string& key_pattern() const;
    const std::string& key_description() const;

    // What the schema says of the root's property `name`, or null when it has none.
    const Property* property(std::string_view name) const;
    // Where documents hold what is x-ek-sensitive, at any depth.
    const SensitivePlaces& sensitive() const;
    // Names of the root's properties, in the schema's order.
    const std::vector<std::string>& property_names() const;

    // The schema itself, and the SHA-256 of its text in hex.
    const json::Value& document() const;
    const std::string& hash() const;

  private:
    struct Inside;
    explicit Schema(std::shared_ptr<const Inside> inside);
    std::shared_ptr<const Inside> inside_;
};

}  // namespace evenkeel::schema
