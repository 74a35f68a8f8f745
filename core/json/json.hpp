#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.hpp"

namespace evenkeel::json {

class Value;
using Member = std::pair<std::string, Value>;
using Array = std::vector<Value>;

// Members in the order in which they came or were set; names are unique.
class Object {
  public:
    Object() = default;
    Object(std::initializer_list<Member> members);

    // The member's value, or null when it is not there. Valid until the object changes.
    const Value* find(std::string_view name) const;
    Value* find(std::string_view name);
    bool contains(std::string_view name) const { return find(name) != nullptr; }
    // Replaces the member or appends it.
    Value& set(std::string name, Value value);
    // Appends without looking for the name: for one that is known to be new.
    void append(std::string name, Value value);
    // Whether there was one.
    bool erase(std::string_view name);

    // Defined below, where a Member is complete.
    bool empty() const;
    std::size_t size() const;
    std::vector<Member>::const_iterator begin() const;
    std::vector<Member>::const_iterator end() const;
    std::vector<Member>::iterator begin();
    std::vector<Member>::iterator end();

  private:
    std::vector<Member> members_;
};

// One JSON value, held by value. Text is UTF-8. Integers that fit 64 bits signed stay exact; other
// numbers are doubles.
class Value {
  public:
    Value() = default;  // null
    Value(std::nullptr_t) {}
    Value(bool value) : data_(value) {}
    Value(int value) : data_(std::int64_t{value}) {}
    Value(unsigned value) : data_(std::int64_t{value}) {}
    Value(long value) : data_(std::int64_t{value}) {}
    Value(long long value) : data_(std::int64_t{value}) {}
    // Past 2^63-1 it becomes a double: our counters never get there.
    Value(unsigned long value);
    Value(unsigned long long value) : Value(static_cast<unsigned long>(value)) {}
    Value(double value) : data_(value) {}
    Value(const char* value) : data_(std::string(value)) {}
    Value(std::string_view value) : data_(std::string(value)) {}
    Value(std::string value) : data_(std::move(value)) {}
    Value(Array value) : data_(std::move(value)) {}
    Value(Object value) : data_(std::move(value)) {}

    bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
    bool is_bool() const { return std::holds_alternative<bool>(data_); }
    bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
    bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }
    bool is_string() const { return std::holds_alternative<std::string>(data_); }
    bool is_array() const { return std::holds_alternative<Array>(data_); }
    bool is_object() const { return std::holds_alternative<Object>(data_); }
    // "null", "boolean", "integer", "number", "string", "array", "object".
    std::string_view type_name() const;

    // Require the type (checked; a wrong one is a bug and aborts).
    bool as_bool() const;
    std::int64_t as_integer() const;
    double as_number() const;
    const std::string& as_string() const;
    const Array& as_array() const;
    Array& as_array();
    const Object& as_object() const;
    Object& as_object();

    // The member `name`, or null when this is no object or has none. Chains: v.find("a"), or
    // v["a"]["b"], where what is missing reads as JSON null.
    const Value* find(std::string_view name) const;
    const Value& operator[](std::string_view name) const;

    // The member's value when it is there and of the type, else `fallback`.
    std::string string_or(std::string_view name, std::string_view fallback = "") const;
    std::int64_t integer_or(std::string_view name, std::int64_t fallback = 0) const;
    bool bool_or(std::string_view name, bool fallback = false) const;

    // Objects are equal whatever their members' order; 1 and 1.0 are equal.
    friend bool operator==(const Value& a, const Value& b);

  private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

inline bool Object::empty() const {
    return members_.empty();
}
inline std::size_t Object::size() const {
    return members_.size();
}
inline std::vector<Member>::const_iterator Object::begin() const {
    return members_.begin();
}
inline std::vector<Member>::const_iterator Object::end() const {
    return members_.end();
}
inline std::vector<Member>::iterator Object::begin() {
    return members_.begin();
}
inline std::vector<Member>::iterator Object::end() {
    return members_.end();
}

struct Limits {
    std::size_t bytes = 1 << 20;
    int depth = 64;  // never above kDeepest
};
inline constexpr int kDeepest = 64;

// The one gate for JSON from outside: one document and nothing after it, size and depth bounded,
// UTF-8 checked, a member named twice refused, NaN and the like refused. The error says at which
// line and column. Never recurses deeper than the limit. `limit` for size and depth, else
// `invalid`.
Result<Value> parse(std::string_view text, Limits limits = {});

// Compact text. Members in their order.
std::string write(const Value& value);
// Members sorted by name, at every level: equal values give equal bytes.
std::string write_canonical(const Value& value);
// For people: two spaces a level.
std::string write_pretty(const Value& value);

// RFC 6901: `token` with ~ and / escaped, after `parent`.
std::string pointer(std::string_view parent, std::string_view token);
// The tokens of a pointer, unescaped; none for "" and for what is no pointer.
std::vector<std::string> pointer_tokens(std::string_view path);
// The value at the pointer `path`, or null when there is none.
const Value* at_pointer(const Value& root, std::string_view path);
Value* at_pointer(Value& root, std::string_view path);

}  // namespace evenkeel::json
