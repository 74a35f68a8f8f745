#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "core/schema/schema.hpp"

namespace evenkeel::schema {
namespace {

// The schemas of all bundled collections.
std::vector<std::filesystem::path> bundled() {
    std::vector<std::filesystem::path> found;
    const auto folder = std::filesystem::path(std::getenv("EK_PLUGIN_SOURCES"));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().string().ends_with(".schema.json")) found.push_back(entry.path());
    }
    return found;
}

Schema compiled(const std::filesystem::path& file) {
    auto text = read_file(file.string(), 256 * 1024);
    auto schema = Schema::compile(text.value());
    EXPECT_TRUE(schema) << file << ": " << schema.error().what;
    return std::move(*schema);
}

// Whether the field alone says what it can be.
bool is_evident(const json::Value& field) {
    return field.string_or("type") == "boolean" || field.find("enum") != nullptr;
}

// What a description has to say besides the field that is tried, with the first examples.
json::Object required(const Schema& schema) {
    json::Object made;
    for (const json::Value* rule : {&schema.document(), schema.document().find("then")}) {
        const json::Value* names = rule != nullptr ? rule->find("required") : nullptr;
        if (names == nullptr) continue;
        for (const json::Value& name : names->as_array()) {
            const json::Value& field = schema.document()["properties"][name.as_string()];
            made.set(name.as_string(), field["examples"].as_array().front());
        }
    }
    return made;
}

TEST(BundledSchemas, ShowTwoExamplesOfEachFieldAndAcceptThem) {
    ASSERT_FALSE(bundled().empty());
    for (const auto& file : bundled()) {
        const Schema schema = compiled(file);
        for (const auto& [name, field] : schema.document()["properties"].as_object()) {
            SCOPED_TRACE(file.filename().string() + ": " + name);
            if (schema.property(name)->read_only || is_evident(field)) continue;
            ASSERT_TRUE(field["examples"].is_array());
            const json::Array& examples = field["examples"].as_array();
            ASSERT_GE(examples.size(), 2U);
            EXPECT_NE(json::write(examples[0]), json::write(examples[1]));
            for (const json::Value& example : examples) {
                json::Object description = required(schema);
                description.set(name, example);
                if (name == "target") description.set("type", "symlink");
                const auto wrong = schema.validate(std::move(description), Mode::description);
                EXPECT_TRUE(wrong.empty()) << wrong.front().pointer << wrong.front().detail;
            }
        }
    }
}

TEST(BundledSchemas, ShowExamplesOfIdsAndAcceptThem) {
    for (const auto& file : bundled()) {
        SCOPED_TRACE(file.filename().string());
        const Schema schema = compiled(file);
        const json::Value& examples = schema.document()["x-ek-key"]["examples"];
        ASSERT_TRUE(examples.is_array() && !examples.as_array().empty());
        for (const json::Value& example : examples.as_array()) {
            EXPECT_TRUE(schema.accepts_key(example.as_string())) << example.as_string();
        }
    }
}

}  // namespace
}  // namespace evenkeel::schema
