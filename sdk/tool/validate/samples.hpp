#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/json/json.hpp"
#include "core/schema/fields.hpp"
#include "core/schema/schema.hpp"
#include "sdk/tool/validate/settings.hpp"

namespace evenkeel::validate {

// Whether a manifest declares that the plugin reaches anything but its own memory.
bool reaches_out(const json::Value& manifest);

// Ids and descriptions to try one collection with: from the examples of its schema and from the
// author's settings. Texts in the comments are of a collection of files.
class Samples {
  public:
    // Throws Broken when the schema does not compile.
    Samples(const ek_collection& table, const CollectionSettings& settings,
            const std::string& scratch, bool may_use_examples);

    const schema::Schema& schema() const { return schema_; }
    const schema::Fields& fields() const { return fields_; }
    const CollectionSettings& settings() const { return settings_; }

    // The nth resource, which no other use of this machine needs; throws Skipped when there is none
    // that may be touched.
    std::string id(std::size_t n) const;
    // One that never exists.
    std::string absent_id() const;

    // All fields that go together, each with its first value, and with its second where it has one;
    // without those that no two resources may have in common.
    const json::Value& first() const { return first_; }
    const json::Value& second() const { return second_; }
    // Descriptions that differ in this field alone (and in what it needs beside it): one for each
    // value that it can have.
    std::vector<json::Value> variants(const schema::Field& field) const;
    // The fields in which first() and second() differ, by their paths.
    std::vector<std::string> differing() const;
    // A string field that takes any text, or empty.
    std::string text_field() const;

  private:
    const json::Value& said_of(const std::string& name) const;  // in the settings
    std::vector<json::Value> values_of(const std::string& name) const;
    bool fits(const json::Object& description) const;
    json::Value build(std::size_t which) const;
    std::optional<std::string> numbered(std::size_t n) const;  // made of the first id

    schema::Schema schema_;
    schema::Fields fields_;
    const CollectionSettings& settings_;
    std::vector<std::string> ids_;
    std::string absent_;  // or empty: a number makes it
    std::string why_no_ids_;
    json::Value first_, second_;
};

}  // namespace evenkeel::validate
