#include "core/schema/vocabulary.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "core/schema/schema.hpp"
#include "core/schema/sensitive.hpp"

namespace evenkeel::schema {
namespace {

using json::Value;

// Schemas come with plugins: bounded, so that references cannot blow one up.
constexpr int kDepthMax = 32;
constexpr int kNodesMax = 10'000;

// What a word's value has to be.
enum class Kind {
    text,
    flag,
    count,
    number,
    anything,
    types,
    names,
    values,
    list,
    key,
    comparison,
    mirror,
    dialect,
    schema,          // holds when the schema around it holds
    condition,       // a schema that need not hold
    branch,          // then, else: holds as far as the schema around it does
    closed,          // a schema, true or false
    schemas,         // name -> schema
    schema_list,     // each of them holds
    condition_list,  // not all of them need to hold
    reference,
    definitions,  // read only through references
};

struct Word {
    std::string_view name;
    Kind kind;
};

constexpr std::array kWords = std::to_array<Word>({
    {"$comment", Kind::text},
    {"$defs", Kind::definitions},
    {"$id", Kind::text},
    {"$ref", Kind::reference},
    {"$schema", Kind::dialect},
    {"additionalProperties", Kind::closed},
    {"allOf", Kind::schema_list},
    {"anyOf", Kind::condition_list},
    {"const", Kind::anything},
    {"contains", Kind::condition},
    {"contentEncoding", Kind::text},
    {"contentMediaType", Kind::text},
    {"default", Kind::anything},
    {"definitions", Kind::definitions},
    {"deprecated", Kind::flag},
    {"description", Kind::text},
    {"else", Kind::branch},
    {"enum", Kind::values},
    {"examples", Kind::list},
    {"exclusiveMaximum", Kind::number},
    {"exclusiveMinimum", Kind::number},
    {"format", Kind::text},
    {"if", Kind::condition},
    {"items", Kind::schema},
    {"maxItems", Kind::count},
    {"maxLength", Kind::count},
    {"maxProperties", Kind::count},
    {"maximum", Kind::number},
    {"minItems", Kind::count},
    {"minLength", Kind::count},
    {"minProperties", Kind::count},
    {"minimum", Kind::number},
    {"multipleOf", Kind::number},
    {"not", Kind::condition},
    {"oneOf", Kind::condition_list},
    {"pattern", Kind::text},
    {"properties", Kind::schemas},
    {"propertyNames", Kind::schema},
    {"readOnly", Kind::flag},
    {"required", Kind::names},
    {"then", Kind::branch},
    {"title", Kind::text},
    {"type", Kind::types},
    {"uniqueItems", Kind::flag},
    {"writeOnly", Kind::flag},
    {"x-ek-absent-with", Kind::text},
    {"x-ek-after", Kind::names},
    {"x-ek-alias", Kind::text},
    {"x-ek-compare", Kind::comparison},
    {"x-ek-key", Kind::key},
    {"x-ek-merge", Kind::text},
    {"x-ek-message", Kind::text},
    {"x-ek-mirrors", Kind::mirror},
    {"x-ek-replace", Kind::flag},
    {"x-ek-sensitive", Kind::flag},
});

constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "integer", "number",
                                                    "string", "array",   "object"};
constexpr std::array<std::string_view, 4> kDialects = {
    "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema#"};
// Beside a $ref, Draft 7 ignores all other words; these say nothing about what is valid.
constexpr std::array<std::string_view, 9> kBesideReference = {
    "$comment", "default", "deprecated", "description", "examples",
    "readOnly", "title",   "writeOnly",  "$ref"};

// Only Rules knows them; a condition is a question to the validator library.
constexpr std::array<std::string_view, 4> kOnlyInRules = {"contentEncoding", "pattern",
                                                          "uniqueItems", "x-ek-message"};

template <typename List>
bool one_of(const List& list, const Value& value) {
    return value.is_string() &&
           std::find(list.begin(), list.end(), value.as_string()) != list.end();
}

bool all_strings(const Value& value) {
    return value.is_array() && std::all_of(value.as_array().begin(), value.as_array().end(),
                                           [](const Value& item) { return item.is_string(); });
}

bool types(const Value& value) {
    if (!value.is_array()) return one_of(kTypes, value);
    return !value.as_array().empty() &&
           std::all_of(value.as_array().begin(), value.as_array().end(),
                       [](const Value& item) { return one_of(kTypes, item); });
}

// Whether a value that holds no schema is what its word wants.
bool fits(Kind kind, std::string_view name, const Value& value) {
    switch (kind) {
        case Kind::text:
            return value.is_string();
        case Kind::flag:
            return value.is_bool();
        case Kind::count:
            return value.is_integer() && value.as_integer() >= 0;
        case Kind::number:
            return value.is_number() && (name != "multipleOf" || value.as_number() > 0);
        case Kind::types:
            return types(value);
        case Kind::names:
            return all_strings(value);
        case Kind::values:
            return value.is_array() && !value.as_array().empty();
        case Kind::list:
            return value.is_array();
        case Kind::key:
            return value["pattern"].is_string() && (!value.find("not") || value["not"].is_string());
        case Kind::comparison:
            return value.is_string() && find_name<Comparison>(value.as_string());
        case Kind::mirror:
            return value.is_object() && value.as_object().size() == 2 &&
                   value["collection"].is_string() && value["property"].is_string();
        case Kind::dialect:
            return one_of(kDialects, value);
        default:
            return true;
    }
}

class Reader {
  public:
    explicit Reader(const Value& root) : root_(root) {}

    // `always`: whether it is Rules that checks the schema, for patterns run nowhere else.
    Result<Value> read(const Value& schema, const std::string& at, bool always, int depth) {
        if (!schema.is_object()) return fail_at(at, "a schema is an object");
        if (depth > kDepthMax || ++nodes_ > kNodesMax) {
            return fail_at(at, "too deep or too large, perhaps a $ref that leads to itself");
        }
        if (schema.find("$ref") != nullptr) return follow(schema, at, always, depth);
        json::Object out;
        for (const auto& [name, value] : schema.as_object()) {
            const std::string here = json::pointer(at, name);
            const Word* word = find(name);
            if (word == nullptr) return fail_at(here, "a word not supported");
            if (word->kind == Kind::definitions) continue;
            if (!always && one_of(kOnlyInRules, Value(name))) {
                return fail_at(here, "has no place inside a condition");
            }
            if (!fits(word->kind, name, value)) return fail_at(here, "has a wrong value");
            if (word->kind == Kind::mirror) EK_CHECK(check_mirror(schema, at, here));
            out.append(name, EK_TRY(read_value(*word, value, here, always, depth)));
            // Nobody hides names: they are in every pointer.
            if (name == "propertyNames" && !SensitivePlaces(*out.find(name)).root().empty()) {
                return fail_at(here, "the name of a field is no secret: x-ek-sensitive");
            }
        }
        return Value(std::move(out));
    }

  private:
    static tl::unexpected<Error> fail_at(const std::string& at, std::string_view why) {
        return fail(Errc::invalid, "schema, at '" + printable(at) + "': " + std::string(why));
    }

    // The host compares sets of ids, of one resource with those of another.
    static Result<void> check_mirror(const Value& schema, std::string_view at,
                                     const std::string& here) {
        const bool is_field =
            at.starts_with("/properties/") && at.find('/', sizeof("/properties/") - 1) == at.npos;
        if (!is_field) return fail_at(here, "has its place on a property of the root");
        if (schema.string_or("x-ek-compare") != "set" || schema.bool_or("x-ek-sensitive"))
            return fail_at(here, "needs x-ek-compare: set, and no x-ek-sensitive");
        return {};
    }

    static const Word* find(std::string_view name) {
        const auto* const found = std::find_if(
            kWords.begin(), kWords.end(), [name](const Word& word) { return word.name == name; });
        return found == kWords.end() ? nullptr : found;
    }

    Result<Value> read_value(const Word& word, const Value& value, const std::string& at,
                             bool always, int depth) {
        switch (word.kind) {
            case Kind::schema:
            case Kind::branch:
                return read(value, at, always, depth + 1);
            case Kind::condition:
                return read(value, at, false, depth + 1);
            case Kind::closed:
                if (value.is_bool()) return value;
                return read(value, at, always, depth + 1);
            case Kind::schemas:
                return read_map(value, at, always, depth + 1);
            case Kind::schema_list:
                return read_list(value, at, always, depth + 1);
            case Kind::condition_list:
                return read_list(value, at, false, depth + 1);
            default:
                return value;
        }
    }

    Result<Value> read_map(const Value& map, const std::string& at, bool always, int depth) {
        if (!map.is_object()) return fail_at(at, "is an object of schemas");
        json::Object out;
        for (const auto& [name, schema] : map.as_object()) {
            out.append(name, EK_TRY(read(schema, json::pointer(at, name), always, depth)));
        }
        return Value(std::move(out));
    }

    Result<Value> read_list(const Value& list, const std::string& at, bool always, int depth) {
        if (!list.is_array() || list.as_array().empty()) return fail_at(at, "is a list of schemas");
        json::Array out;
        for (const Value& schema : list.as_array()) {
            const std::string here = json::pointer(at, std::to_string(out.size()));
            out.push_back(EK_TRY(read(schema, here, always, depth)));
        }
        return Value(std::move(out));
    }

    Result<Value> follow(const Value& schema, const std::string& at, bool always, int depth) {
        const Value& reference = schema["$ref"];
        const std::string to = reference.is_string() ? reference.as_string() : "";
        if (!to.starts_with("#/$defs/") && !to.starts_with("#/definitions/")) {
            return fail_at(at, "a $ref leads to #/$defs/ or #/definitions/ in the same schema");
        }
        const Value* target = json::at_pointer(root_, to.substr(1));
        if (target == nullptr) return fail_at(at, "a $ref leads nowhere");
        Value out = EK_TRY(read(*target, to.substr(1), always, depth + 1));
        for (const auto& [name, value] : schema.as_object()) {
            const std::string here = json::pointer(at, name);
            const Word* word = find(name);
            if (word == nullptr) return fail_at(here, "a word not supported");
            if (!name.starts_with("x-ek-") && !one_of(kBesideReference, Value(name))) {
                return fail_at(here, "has no place beside a $ref");
            }
            if (!fits(word->kind, name, value)) return fail_at(here, "has a wrong value");
            if (word->kind == Kind::mirror) EK_CHECK(check_mirror(schema, at, here));
            if (name != "$ref") out.as_object().set(name, value);
        }
        return out;
    }

    const Value& root_;
    int nodes_ = 0;
};

}  // namespace

Result<Value> read_vocabulary(const Value& schema) {
    return Reader(schema).read(schema, "", true, 0);
}

}  // namespace evenkeel::schema
