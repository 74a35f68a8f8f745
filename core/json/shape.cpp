#include "core/json/shape.hpp"

namespace evenkeel::json {
namespace {

Value typed(const char* type) {
    return Object{{"type", type}};
}
Value typed_or_null(const char* type) {
    return Object{{"type", Array{type, "null"}}};
}

}  // namespace

MaybeWrong wrong(std::string detail) {
    return Wrong{"", std::move(detail)};
}

MaybeWrong inside(std::string_view member, MaybeWrong wrong) {
    if (wrong) wrong->pointer = pointer("", member) + wrong->pointer;
    return wrong;
}

Error error_of(const Wrong& wrong) {
    if (wrong.pointer.empty()) return {Errc::invalid, "the value " + wrong.detail};
    return {Errc::invalid, printable(wrong.pointer) + ": " + wrong.detail};
}

Value reference_to(std::string_view schema_name) {
    return Object{{"$ref", "#/components/schemas/" + std::string(schema_name)}};
}

Value or_null(Value schema) {
    Object& object = schema.as_object();
    if (object.empty()) return schema;  // anything at all
    if (Value* values = object.find("enum")) {
        values->as_array().emplace_back(nullptr);
        return schema;
    }
    if (Value* type = object.find("type"); type && object.size() == 1) {
        *type = Array{*type, "null"};
        return schema;
    }
    return Object{{"oneOf", Array{std::move(schema), typed("null")}}};
}

MaybeWrong Codec<std::string>::decode(const Value& from, std::string& into) {
    if (!from.is_string()) return wrong("is not a string");
    into = from.as_string();
    return std::nullopt;
}
Value Codec<std::string>::schema() {
    return typed("string");
}

MaybeWrong NonEmpty::decode(const Value& from, std::string& into) {
    if (auto bad = Codec<std::string>::decode(from, into)) return bad;
    return into.empty() ? wrong("is empty") : std::nullopt;
}

MaybeWrong TextOrNull::decode(const Value& from, std::string& into) {
    into.clear();
    return from.is_null() ? std::nullopt : Codec<std::string>::decode(from, into);
}
Value TextOrNull::schema() {
    return typed_or_null("string");
}

MaybeWrong Codec<bool>::decode(const Value& from, bool& into) {
    if (!from.is_bool()) return wrong("is neither true nor false");
    into = from.as_bool();
    return std::nullopt;
}
Value Codec<bool>::schema() {
    return typed("boolean");
}

MaybeWrong read_whole(const Value& from, std::int64_t low, std::int64_t high, std::int64_t& into) {
    if (from.is_integer() && from.as_integer() >= low && from.as_integer() <= high) {
        into = from.as_integer();
        return std::nullopt;
    }
    return wrong("is not a whole number from " + std::to_string(low) + " to " +
                 std::to_string(high));
}
Value whole_schema() {
    return typed("integer");
}

MaybeWrong AnObject::decode(const Value& from, Value& into) {
    if (!from.is_object()) return wrong("is not an object");
    into = from;
    return std::nullopt;
}
Value AnObject::schema() {
    return typed("object");
}

MaybeWrong ObjectOrNull::decode(const Value& from, Value& into) {
    if (!from.is_object() && !from.is_null()) return wrong("is neither an object nor null");
    into = from;
    return std::nullopt;
}
Value ObjectOrNull::schema() {
    return typed_or_null("object");
}

Value Labels::schema() {
    return Object{{"type", "object"}, {"additionalProperties", typed("string")}};
}

Value names_schema(const std::vector<std::string>& names) {
    Array values;
    for (const std::string& name : names) values.emplace_back(name);
    return Object{{"enum", std::move(values)}};
}

Value object_schema(Object properties, Array required, std::string_view description,
                    bool may_be_null, bool closed) {
    Object schema = may_be_null ? typed_or_null("object").as_object() : typed("object").as_object();
    if (!description.empty()) schema.append("description", description);
    if (closed) schema.append("additionalProperties", false);
    if (!required.empty()) schema.append("required", std::move(required));
    schema.append("properties", std::move(properties));
    return schema;
}

}  // namespace evenkeel::json
