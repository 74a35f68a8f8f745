#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/json/json.hpp"

namespace evenkeel::json {
namespace {

const Value kNull;

template <typename T, typename Variant>
auto& require(Variant& data, std::string_view type) {
    if (auto* held = std::get_if<T>(&data)) return *held;
    log::error("a JSON value was read as a type that it is not", {{"type", std::string(type)}});
    std::abort();
}

bool equal_objects(const Object& a, const Object& b) {
    if (a.size() != b.size()) return false;
    for (const auto& [name, value] : a) {
        const Value* other = b.find(name);
        if (other == nullptr || !(*other == value)) return false;
    }
    return true;
}

}  // namespace

Object::Object(std::initializer_list<Member> members) {
    for (const Member& member : members) set(member.first, member.second);
}

const Value* Object::find(std::string_view name) const {
    for (const Member& member : members_) {
        if (member.first == name) return &member.second;
    }
    return nullptr;
}

Value* Object::find(std::string_view name) {
    for (Member& member : members_) {
        if (member.first == name) return &member.second;
    }
    return nullptr;
}

Value& Object::set(std::string name, Value value) {
    if (Value* held = find(name)) {
        *held = std::move(value);
        return *held;
    }
    members_.emplace_back(std::move(name), std::move(value));
    return members_.back().second;
}

void Object::append(std::string name, Value value) {
    members_.emplace_back(std::move(name), std::move(value));
}

bool Object::erase(std::string_view name) {
    for (auto it = members_.begin(); it != members_.end(); ++it) {
        if (it->first != name) continue;
        members_.erase(it);
        return true;
    }
    return false;
}

Value::Value(unsigned long value) {
    if (value <= static_cast<unsigned long>(std::numeric_limits<std::int64_t>::max())) {
        data_ = static_cast<std::int64_t>(value);
    } else {
        data_ = static_cast<double>(value);
    }
}

std::string_view Value::type_name() const {
    constexpr std::string_view kNames[] = {"null",   "boolean", "integer", "number",
                                           "string", "array",   "object"};
    return kNames[data_.index()];
}

bool Value::as_bool() const {
    return require<bool>(data_, "boolean");
}
std::int64_t Value::as_integer() const {
    return require<std::int64_t>(data_, "integer");
}
double Value::as_number() const {
    if (is_integer()) return static_cast<double>(as_integer());
    return require<double>(data_, "number");
}
const std::string& Value::as_string() const {
    return require<std::string>(data_, "string");
}
const Array& Value::as_array() const {
    return require<Array>(data_, "array");
}
Array& Value::as_array() {
    return require<Array>(data_, "array");
}
const Object& Value::as_object() const {
    return require<Object>(data_, "object");
}
Object& Value::as_object() {
    return require<Object>(data_, "object");
}

const Value* Value::find(std::string_view name) const {
    return is_object() ? as_object().find(name) : nullptr;
}

const Value& Value::operator[](std::string_view name) const {
    const Value* found = find(name);
    return found != nullptr ? *found : kNull;
}

std::string Value::string_or(std::string_view name, std::string_view fallback) const {
    const Value& member = (*this)[name];
    return member.is_string() ? member.as_string() : std::string(fallback);
}

std::int64_t Value::integer_or(std::string_view name, std::int64_t fallback) const {
    const Value& member = (*this)[name];
    return member.is_integer() ? member.as_integer() : fallback;
}

bool Value::bool_or(std::string_view name, bool fallback) const {
    const Value& member = (*this)[name];
    return member.is_bool() ? member.as_bool() : fallback;
}

bool operator==(const Value& a, const Value& b) {
    if (a.is_number() && b.is_number()) {
        if (a.is_integer() && b.is_integer()) return a.as_integer() == b.as_integer();
        const double x = a.as_number();
        const double y = b.as_number();
        return !(x < y) && !(x > y) && !std::isnan(x) && !std::isnan(y);
    }
    if (a.data_.index() != b.data_.index()) return false;
    if (a.is_object()) return equal_objects(a.as_object(), b.as_object());
    if (a.is_array()) return a.as_array() == b.as_array();
    if (a.is_string()) return a.as_string() == b.as_string();
    if (a.is_bool()) return a.as_bool() == b.as_bool();
    return true;
}

std::string pointer(std::string_view parent, std::string_view token) {
    std::string out(parent);
    out.push_back('/');
    for (const char c : token) {
        if (c == '~') out += "~0";
        else if (c == '/') out += "~1";
        else out.push_back(c);
    }
    return out;
}

std::vector<std::string> pointer_tokens(std::string_view path) {
    std::vector<std::string> tokens;
    if (path.empty() || path[0] != '/') return tokens;
    for (const std::string& raw : split(path.substr(1), '/')) {
        std::string& token = tokens.emplace_back();
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const bool escape = raw[i] == '~' && i + 1 < raw.size();
            token.push_back(!escape ? raw[i] : raw[++i] == '1' ? '/' : '~');
        }
    }
    return tokens;
}

const Value* at_pointer(const Value& root, std::string_view path) {
    if (path.empty()) return &root;
    if (path[0] != '/') return nullptr;
    const Value* at = &root;
    for (const std::string& token : pointer_tokens(path)) {
        if (at->is_array()) {
            const auto index = parse_number(token);
            const bool padded = token.size() > 1 && token[0] == '0';
            if (!index || padded || *index >= at->as_array().size()) return nullptr;
            at = &at->as_array()[*index];
        } else {
            at = at->find(token);
            if (at == nullptr) return nullptr;
        }
    }
    return at;
}

Value* at_pointer(Value& root, std::string_view path) {
    return const_cast<Value*>(at_pointer(std::as_const(root), path));
}

}  // namespace evenkeel::json
