#include "core/schema/schema.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <re2/re2.h>

#include "core/crypto/hash.hpp"
#include "core/schema/rules.hpp"
#include "core/schema/sensitive.hpp"
#include "core/schema/validator.hpp"
#include "core/schema/vocabulary.hpp"

namespace evenkeel::schema {
namespace {

constexpr std::size_t kSchemaBytesMax = 256 * 1024;
// The library takes time and memory for every element that is wrong.
constexpr std::size_t kElementsMax = 20'000;

Property property_of(const json::Value& schema) {
    Property property;
    property.sensitive = schema.bool_or("x-ek-sensitive");
    property.read_only = schema.bool_or("readOnly");
    property.write_only = schema.bool_or("writeOnly");
    property.replace = schema.bool_or("x-ek-replace");
    property.compare =
        find_name<Comparison>(schema.string_or("x-ek-compare")).value_or(Comparison::exact);
    return property;
}

// The number of values in the document, counted no further than the limit.
void count_values(const json::Value& value, std::size_t& count) {
    if (++count > kElementsMax) return;
    if (value.is_array()) {
        for (const json::Value& item : value.as_array()) count_values(item, count);
    } else if (value.is_object()) {
        for (const auto& [name, member] : value.as_object()) count_values(member, count);
    }
}

void tidy(std::vector<FieldError>& errors) {
    const auto key = [](const FieldError& error) {
        return std::tie(error.pointer, error.code, error.detail);
    };
    std::sort(errors.begin(), errors.end(),
              [&](const FieldError& a, const FieldError& b) { return key(a) < key(b); });
    errors.erase(
        std::unique(errors.begin(), errors.end(),
                    [&](const FieldError& a, const FieldError& b) { return key(a) == key(b); }),
        errors.end());
    if (errors.size() > kErrorsMax) errors.resize(kErrorsMax);
}

}  // namespace

struct Schema::Inside {
    Inside(json::Value text, json::Value words, Rules own, std::unique_ptr<Validator> other)
        : document(std::move(text)),
          rules(std::move(own)),
          rest(std::move(other)),
          sensitive(words),
          key_pattern(words["x-ek-key"].string_or("pattern")),
          key_not_pattern(words["x-ek-key"].string_or("not")),
          key_description(words["x-ek-key"].string_or("description")) {
        const json::Value* all = words.find("properties");
        if (all == nullptr) return;
        for (const auto& [name, property] : all->as_object()) {
            names.push_back(name);
            properties.emplace(name, property_of(property));
        }
    }

    json::Value document;
    Rules rules;
    std::unique_ptr<Validator> rest;  // null: Rules checks all of it
    SensitivePlaces sensitive;
    std::string key_pattern;
    std::string key_not_pattern;
    std::string key_description;
    std::unique_ptr<re2::RE2> key;
    std::unique_ptr<re2::RE2> key_not;  // what RE2, without look-ahead, cannot say in the pattern
    std::vector<std::string> names;
    std::map<std::string, Property, std::less<>> properties;
    std::string hash;
};

Schema::Schema(std::shared_ptr<const Inside> inside) : inside_(std::move(inside)) {}

Result<Schema> Schema::compile(std::string_view text) {
    json::Value document = EK_TRY(json::parse(text, {.bytes = kSchemaBytesMax}));
    json::Value words = EK_TRY(read_vocabulary(document));
    Rules rules = EK_TRY(Rules::compile(words));
    auto rest = EK_TRY(Validator::compile(without_rules(words)));
    auto inside = std::make_shared<Inside>(std::move(document), std::move(words), std::move(rules),
                                           std::move(rest));
    if (!inside->key_pattern.empty()) inside->key = EK_TRY(compile_pattern(inside->key_pattern));
    if (!inside->key_not_pattern.empty()) {
        inside->key_not = EK_TRY(compile_pattern(inside->key_not_pattern));
    }
    inside->hash = crypto::sha256_hex(text);
    return Schema(std::move(inside));
}

std::vector<FieldError> Schema::validate(const json::Value& document, Mode mode) const {
    std::size_t values = 0;
    count_values(document, values);
    if (values > kElementsMax) {
        return {{"", "invalid", "has more than " + std::to_string(kElementsMax) + " values"}};
    }
    std::vector<FieldError> errors;
    inside_->rules.check(document, Place{}, mode, errors);
    if (inside_->rest) inside_->rest->check(document, errors);
    tidy(errors);
    return errors;
}

bool Schema::accepts_key(std::string_view id) const {
    const re2::StringPiece text(id.data(), id.size());
    if (inside_->key_not && RE2::PartialMatch(text, *inside_->key_not)) return false;
    return !inside_->key || RE2::PartialMatch(text, *inside_->key);
}

const std::string& Schema::key_pattern() const {
    return inside_->key_pattern;
}
const std::string& Schema::key_description() const {
    return inside_->key_description;
}

const Property* Schema::property(std::string_view name) const {
    const auto found = inside_->properties.find(name);
    return found == inside_->properties.end() ? nullptr : &found->second;
}

const SensitivePlaces& Schema::sensitive() const {
    return inside_->sensitive;
}

const std::vector<std::string>& Schema::property_names() const {
    return inside_->names;
}
const json::Value& Schema::document() const {
    return inside_->document;
}
const std::string& Schema::hash() const {
    return inside_->hash;
}

}  // namespace evenkeel::schema
