// The adapter comes before RapidJSON's own headers: it configures them.
#include <valijson/adapters/rapidjson_adapter.hpp>
// Everything else.
#include <cctype>
#include <cmath>
#include <exception>
#include <limits>
#include <string>
#include <string_view>
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

// The library's number, 0.000000, as people write it.
std::string plain_number(std::string_view text) {
    if (text.find('.') != text.npos) {
        text = text.substr(0, text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.remove_suffix(1);
    }
    return std::string(text);
}

// What the library says of a bound, which is in words about strings and elements.
struct BoundWords {
    std::string_view before;  // of the library
    std::string_view after;
    std::string_view ours;
    std::string_view unit;
};
constexpr BoundWords kBoundWords[] = {
    {"String should be no fewer than ", " characters in length.", "must have at least ",
     " character"},
    {"String should be no more than ", " characters in length.", "must have at most ",
     " character"},
    {"Array should contain no fewer than ", " elements.", "must have at least ", " item"},
    {"Array should contain no more than ", " elements.", "must have at most ", " item"},
    {"Object should have no fewer than ", " properties.", "must have at least ", " field"},
    {"Object should have no more than ", " properties.", "must have at most ", " field"},
    {"Expected number less than or equal to ", "", "must be at most ", ""},
    {"Expected number greater than or equal to ", "", "must be at least ", ""},
    {"Expected number less than ", "", "must be less than ", ""},
    {"Expected number greater than ", "", "must be more than ", ""},
    {"Value should be a multiple of ", "", "must be a multiple of ", ""},
};

std::string words_of_bound(std::string_view text) {
    for (const BoundWords& words : kBoundWords) {
        if (!text.starts_with(words.before) || !text.ends_with(words.after)) continue;
        text.remove_prefix(words.before.size());
        text.remove_suffix(words.after.size());
        const std::string number = plain_number(text);
        const bool none = number == "1" && words.ours == "must have at least ";
        if (none) return "must not be empty";
        const bool several = !words.unit.empty() && number != "1";
        return std::string(words.ours) + number + std::string(words.unit) + (several ? "s" : "");
    }
    return "";
}

std::string sentence_of(std::string text) {
    if (std::string words = words_of_bound(text); !words.empty()) return words;
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
Validator::Validator(Validator&&) noexcept = default;
Validator& Validator::operator=(Validator&&) noexcept = default;
Validator::~Validator() = default;

Result<Validator> Validator::compile(const json::Value& schema) {
    auto inside = std::make_unique<Inside>();
    try {
        Document document;
        const Tree tree = to_tree(schema, document.GetAllocator());
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(Adapter(tree), inside->schema);
    } catch (const std::exception& error) {
        return fail(Errc::invalid, "schema: " + sentence_of(error.what()));
    }
    return Validator(std::move(inside));
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
