#include "core/schema/rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <re2/re2.h>

#include "core/base/text.hpp"
#include "core/schema/condition.hpp"

namespace evenkeel::schema {
namespace {

using json::Value;

constexpr std::int64_t kPatternMemory = 1 << 20;

void add(std::vector<FieldError>& errors, const Place& at, std::string code, std::string detail) {
    if (errors.size() >= kErrorsMax) return;
    errors.push_back({at.pointer(), std::move(code), std::move(detail)});
}

bool all_different(const json::Array& array) {
    std::unordered_set<std::string> seen;
    return std::all_of(array.begin(), array.end(), [&seen](const Value& item) {
        return seen.insert(json::write_canonical(item)).second;
    });
}

bool is_whole(const Value& value) {
    return value.is_integer() ||
           (value.is_number() && std::trunc(value.as_number()) == value.as_number());
}

// Whether `value` is of the JSON Schema type `type`, where 1.0 is an integer too.
bool is_type(const Value& value, std::string_view type) {
    if (type == "integer") return is_whole(value);
    return type == "number" ? value.is_number() : value.type_name() == type;
}

// "a", "a or b", "a, b or c".
std::string choice(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

Result<void> compile_to(std::unique_ptr<Rules>& to, const Value& from, Rules::Of of) {
    if (from.is_object()) to = std::make_unique<Rules>(EK_TRY(Rules::compile(from, of)));
    return {};
}

}  // namespace

std::string Place::pointer() const {
    if (above == nullptr) return "";
    return json::pointer(above->pointer(), name.data() ? std::string(name) : std::to_string(index));
}

Result<std::unique_ptr<re2::RE2>> compile_pattern(const std::string& pattern) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kPatternMemory);
    auto compiled = std::make_unique<RE2>(pattern, options);
    if (compiled->ok()) return compiled;
    return fail(Errc::invalid,
                "the pattern '" + printable(pattern) + "' is not one of RE2: " + compiled->error());
}

Rules::Rules() = default;
Rules::Rules(Rules&&) noexcept = default;
Rules& Rules::operator=(Rules&&) noexcept = default;
Rules::~Rules() = default;

Result<Rules> Rules::compile(const Value& schema, Of of) {
    Rules rules;
    EK_CHECK(rules.compile_nested(schema, of));
    EK_CHECK(rules.compile_conditions(schema, of));
    if (const Value* required = schema.find("required")) {
        for (const Value& name : required->as_array()) rules.required_.push_back(name.as_string());
    }
    if (const Value* type = schema.find("type")) {
        if (type->is_string()) rules.types_.push_back(type->as_string());
        else
            for (const Value& each : type->as_array()) rules.types_.push_back(each.as_string());
    }
    if (const Value* allowed = schema.find("enum")) rules.allowed_ = allowed->as_array();
    if (const Value* pattern = schema.find("pattern")) {
        rules.pattern_ = EK_TRY(compile_pattern(pattern->as_string()));
    }
    rules.bounds_ = Bounds::of(schema);
    rules.closed_ = !schema.bool_or("additionalProperties", true);
    rules.base64_ = schema.string_or("contentEncoding") == "base64";
    rules.message_ = schema.string_or("x-ek-message");
    rules.unique_ = schema.bool_or("uniqueItems");
    rules.read_only_ = of == Of::documents && schema.bool_or("readOnly");
    rules.write_only_ = of == Of::documents && schema.bool_or("writeOnly");
    return rules;
}

Result<void> Rules::compile_nested(const Value& schema, Of of) {
    if (const Value* properties = schema.find("properties")) {
        for (const auto& [name, property] : properties->as_object()) {
            properties_.emplace(name, EK_TRY(compile(property, of)));
        }
    }
    EK_CHECK(compile_to(others_, schema["additionalProperties"], of));
    EK_CHECK(compile_to(items_, schema["items"], of));
    EK_CHECK(compile_to(names_, schema["propertyNames"], of));
    if (const Value* all = schema.find("allOf")) {
        for (const Value& each : all->as_array()) all_of_.push_back(EK_TRY(compile(each, of)));
    }
    return {};
}

Result<void> Rules::compile_conditions(const Value& schema, Of of) {
    if (const Value* forbidden = schema.find("not")) {
        not_ = EK_TRY(Condition::compile(*forbidden));
    }
    const Value* condition = schema.find("if");
    if (!condition) return {};
    if_ = EK_TRY(Condition::compile(*condition));
    EK_CHECK(compile_to(then_, schema["then"], of));
    return compile_to(else_, schema["else"], of);
}

// The schema's own words for what is wrong, where it has any.
std::string Rules::told(std::string otherwise) const {
    return message_.empty() ? std::move(otherwise) : message_;
}

bool Rules::absent_in(Mode mode) const {
    return mode == Mode::description ? read_only_ : write_only_;
}

void Rules::check(const Value& value, const Place& at, Mode mode,
                  std::vector<FieldError>& errors) const {
    if (errors.size() >= kErrorsMax) return;
    check_itself(value, at, errors);
    if (value.is_object()) check_object(value.as_object(), at, mode, errors);
    if (value.is_array()) check_array(value.as_array(), at, mode, errors);
    for (const Rules& each : all_of_) each.check(value, at, mode, errors);
    check_conditions(value, at, mode, errors);
}

void Rules::check_conditions(const Value& value, const Place& at, Mode mode,
                             std::vector<FieldError>& errors) const {
    if (not_ && not_->accepts(value)) {
        add(errors, at, "invalid", told("is what the schema excludes"));
    }
    if (!then_ && !else_) return;
    const Rules* branch = if_->accepts(value) ? then_.get() : else_.get();
    if (branch) branch->check(value, at, mode, errors);
}

void Rules::check_itself(const Value& value, const Place& at,
                         std::vector<FieldError>& errors) const {
    const auto fits = [&value](const std::string& type) { return is_type(value, type); };
    if (!types_.empty() && std::none_of(types_.begin(), types_.end(), fits)) {
        add(errors, at, "invalid",
            "is " + std::string(value.type_name()) + ", must be " + choice(types_) +
                (message_.empty() ? "" : ": " + message_));
        return;
    }
    if (!allowed_.empty() && std::find(allowed_.begin(), allowed_.end(), value) == allowed_.end()) {
        std::vector<std::string> words;
        for (const Value& each : allowed_) words.push_back(json::write(each));
        add(errors, at, "invalid", told("must be " + choice(words)));
    }
    for (std::string& sentence : bounds_.broken(value)) {
        add(errors, at, "invalid", told(std::move(sentence)));
    }
    if (pattern_ && value.is_string() && !RE2::PartialMatch(value.as_string(), *pattern_)) {
        add(errors, at, "invalid", told("does not match " + pattern_->pattern()));
    }
    if (base64_ && value.is_string() && !from_base64(value.as_string())) {
        add(errors, at, "invalid", told("is not Base64 (RFC 4648 section 4, padded)"));
    }
}

void Rules::check_object(const json::Object& object, const Place& at, Mode mode,
                         std::vector<FieldError>& errors) const {
    for (const auto& [name, value] : object) {
        const Place here{&at, name};
        if (names_) names_->check(Value(name), here, mode, errors);
        const auto property = properties_.find(name);
        if (property == properties_.end()) {
            if (closed_) add(errors, here, "unknown-field", "there is no such field");
            if (others_) others_->check(value, here, mode, errors);
        } else if (property->second.absent_in(mode)) {
            add(errors, here, "invalid",
                mode == Mode::description ? "is read from the machine and cannot be asked for"
                                          : "is asked for and never read");
        } else {
            property->second.check(value, here, mode, errors);
        }
    }
    for (const std::string& name : required_) {
        const auto property = properties_.find(name);
        if (property != properties_.end() && property->second.absent_in(mode)) continue;
        if (!object.contains(name)) {
            add(errors, Place{&at, name}, "invalid", told("is missing"));
        }
    }
}

void Rules::check_array(const json::Array& array, const Place& at, Mode mode,
                        std::vector<FieldError>& errors) const {
    if (unique_ && !all_different(array)) {
        add(errors, at, "invalid", told("has the same item more than once"));
    }
    if (!items_) return;
    std::size_t index = 0;
    for (const Value& item : array) {
        items_->check(item, Place{&at, {}, index++}, mode, errors);
    }
}

namespace {

constexpr std::array<std::string_view, 19> kNotForTheLibrary = {
    "$comment", "$id",  "$schema",     "contentEncoding", "contentMediaType",
    "default",  "enum", "deprecated",  "description",     "examples",
    "format",   "not",  "pattern",     "readOnly",        "required",
    "title",    "type", "uniqueItems", "writeOnly"};

// Their schemas hold where the schema around them holds.
constexpr std::array<std::string_view, 5> kNested = {"additionalProperties", "else", "items",
                                                     "propertyNames", "then"};

template <typename List>
bool in(const List& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_empty(const Value& schema) {
    return !schema.is_object() || schema.as_object().empty();
}

Value rest_of_all(const Value& schemas) {
    json::Array out;
    for (const Value& schema : schemas.as_array()) {
        Value rest = without_rules(schema);
        if (!is_empty(rest)) out.push_back(std::move(rest));
    }
    return out;
}

// Those with nothing left stay where `keep_names`: additionalProperties is about all others.
Value rest_of_properties(const Value& schemas, bool keep_names) {
    json::Object out;
    for (const auto& [name, schema] : schemas.as_object()) {
        Value rest = without_rules(schema);
        if (keep_names || !is_empty(rest)) out.append(name, std::move(rest));
    }
    return out;
}

}  // namespace

Value without_rules(const Value& schema) {
    json::Object out;
    for (const std::string_view name : kNested) {
        const Value* nested = schema.find(name);
        Value rest = nested != nullptr && nested->is_object() ? without_rules(*nested) : Value();
        if (!is_empty(rest)) out.append(std::string(name), std::move(rest));
    }
    for (const auto& [name, value] : schema.as_object()) {
        if (in(kNotForTheLibrary, name) || in(kNested, name) || name.starts_with("x-ek-") ||
            Bounds::has_word(name)) {
            continue;
        }
        if (name == "properties") {
            Value rest = rest_of_properties(value, out.contains("additionalProperties"));
            if (!is_empty(rest)) out.append(name, std::move(rest));
        } else if (name == "allOf") {
            Value rest = rest_of_all(value);
            if (!rest.as_array().empty()) out.append(name, std::move(rest));
        } else if (name != "if" || out.contains("then") || out.contains("else")) {
            out.append(name, value);
        }
    }
    return out;
}

}  // namespace evenkeel::schema
