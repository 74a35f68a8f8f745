// The adapter comes before RapidJSON's own headers: it configures them.
#include <valijson/adapters/rapidjson_adapter.hpp>
// Everything else.
#include <cctype>
#include <cmath>
#include <exception>
#include <limits>
#include <string>
#include <utility>

#include <rapidjson/document.h>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "core/schema/validator.hpp"

namespace evenkeel::schema {
namespace {

using Adapter = valijson::adapters::RapidJsonAdapter;
using Document = rapidjson::Document;
using Tree = rapidjson::Value;

// Up to here every whole number is exact in a double.
constexpr double kExact = 9007199254740992.0;

Tree text_of(const std::string& text) {
    return Tree(rapidjson::StringRef(text.data(), static_cast<rapidjson::SizeType>(text.size())));
}

// Recurses as deep as the value, which the JSON gate bounds. The texts stay the value's.
Tree to_tree(const json::Value& value, Document::AllocatorType& memory) {
    if (value.is_bool()) return Tree(value.as_bool());
    if (value.is_integer()) return Tree(value.as_integer());
    if (value.is_number()) {
        const double number = value.as_number();
        // 1.0 is an integer to JSON Schema, and to the library only without its fraction.
        if (std::trunc(number) == number && std::abs(number) < kExact) {
            return Tree(static_cast<std::int64_t>(number));
        }
        return Tree(number);
    }
    if (value.is_string()) return text_of(value.as_string());
    if (value.is_array()) {
        Tree array(rapidjson::kArrayType);
        for (const json::Value& item : value.as_array()) {
            array.PushBack(to_tree(item, memory), memory);
        }
        return array;
    }
    if (value.is_object()) {
        Tree object(rapidjson::kObjectType);
        for (const auto& [name, member] : value.as_object()) {
            object.AddMember(text_of(name), to_tree(member, memory), memory);
        }
        return object;
    }
    return Tree();
}

// {"<root>", "[items]", "[0]"} is /items/0.
std::string pointer_of(const std::vector<std::string>& context) {
    std::string at;
    for (std::size_t i = 1; i < context.size(); ++i) {
        const std::string& step = context[i];
        at = json::pointer(at, step.size() >= 2 ? step.substr(1, step.size() - 2) : step);
    }
    return at;
}

// The library also reports each schema around a wrong value; the value's own error is enough.
bool is_echo(const std::string& text) {
    return text.starts_with("Failed to validate against schema associated with") ||
           text.starts_with("Failed to validate against additional properties schema") ||
           text.starts_with("Failed to validate against a conditional schema") ||
           text.starts_with("Failed to validate against child schema #") ||
           text.starts_with("Failed to validate item #");
}

std::string sentence_of(std::string text) {
    if (!text.empty() && text.back() == '.') text.pop_back();
    if (!text.empty()) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return text;
}

}  // namespace

struct Validator::Inside {
    valijson::Schema schema;
};

Validator::Validator(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Validator::~Validator() = default;

Result<std::unique_ptr<Validator>> Validator::compile(const json::Value& schema) {
    if (schema.as_object().empty()) return nullptr;
    auto inside = std::make_unique<Inside>();
    try {
        Document document;
        const Tree tree = to_tree(schema, document.GetAllocator());
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(Adapter(tree), inside->schema);
    } catch (const std::exception& error) {
        return fail(Errc::invalid, "schema: " + sentence_of(error.what()));
    }
    return std::unique_ptr<Validator>(new Validator(std::move(inside)));
}

void Validator::check(const json::Value& document, std::vector<FieldError>& errors) const {
    try {
        Document memory;
        const Tree tree = to_tree(document, memory.GetAllocator());
        valijson::ValidationResults results;
        // Its own cache of std::regex makes a validator unfit for two threads.
        valijson::Validator validator;
        if (validator.validate(inside_->schema, Adapter(tree), &results)) return;
        const std::size_t before = errors.size();
        for (const auto& error : results) {
            if (is_echo(error.description)) continue;
            errors.push_back(
                {pointer_of(error.context), "invalid", sentence_of(error.description)});
        }
        if (errors.size() == before) errors.push_back({"", "invalid", "does not fit the schema"});
    } catch (const std::exception& error) {
        errors.push_back({"", "invalid", "cannot be checked: " + sentence_of(error.what())});
    }
}

bool Validator::accepts(const json::Value& document) const {
    try {
        Document memory;
        const Tree tree = to_tree(document, memory.GetAllocator());
        return valijson::Validator().validate(inside_->schema, Adapter(tree), nullptr);
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace evenkeel::schema
