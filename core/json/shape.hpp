#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/names.hpp"
#include "core/json/json.hpp"
#include "core/json/text.hpp"

// One table of fields for a struct gives its JSON, the reading of it, and its JSON Schema:
//
//     struct FieldDrift { std::string path; json::Value expected; json::Value actual; };
//     constexpr auto fields_of(json::Of<FieldDrift>) {
//         return json::shape(json::field("path", &FieldDrift::path),
//                            json::field("expected", &FieldDrift::expected),
//                            json::field("actual", &FieldDrift::actual));
//     }
//
// The table stands in the namespace of its struct, in the .cpp that has the struct's encode and
// decode functions: only that one pays for the templates. It is for what leaves the process, on
// the bus and by REST; records in a store have codecs of their own, so that the two can move apart.
//
// Members are written in the order of the table. Reading ignores members that no table names, as a
// newer peer may send them, and says by an RFC 6901 pointer what is wrong. [any]
namespace evenkeel::json {

// What stands where it must not, for decode().
struct Wrong {
    std::string pointer;  // RFC 6901, from the value that was read
    std::string detail;   // "is not a string"
};
using MaybeWrong = std::optional<Wrong>;

MaybeWrong wrong(std::string detail);
// The same, seen from one level higher.
MaybeWrong inside(std::string_view member, MaybeWrong wrong);
// "/resources/0/id: is not a string"
Error error_of(const Wrong& wrong);

// {"$ref": "#/components/schemas/NAME"}
Value reference_to(std::string_view schema_name);
// `schema`, or null.
Value or_null(Value schema);

Value object_schema(Object properties, Array required, std::string_view description,
                    bool may_be_null, bool closed);

// For finding the table of T.
template <typename T>
struct Of {};
template <typename T>
concept Shaped = requires {
    fields_of(Of<T>{});
};

template <Shaped T>
Object encode_shape(const T& from);
// Adds it to a text, without making a Value of it.
template <Shaped T>
void write_shape(const T& from, Text& out);
template <Shaped T>
MaybeWrong decode_shape(const Value& from, T& into);
template <Shaped T>
Value shape_schema();

// --- Codecs: how the value of a member stands in JSON. Codec<T> is the usual one of a type; the
// others are named in the table. One that encodes without a `write` of its own is written by way of
// a Value.

template <typename T>
struct Codec;

template <>
struct Codec<std::string> {
    static Value encode(const std::string& from) { return from; }
    static void write(const std::string& from, Text& out) { out.add(from); }
    static MaybeWrong decode(const Value& from, std::string& into);
    static Value schema();
};

// Text that must be there and not be empty.
struct NonEmpty : Codec<std::string> {
    static MaybeWrong decode(const Value& from, std::string& into);
};

// An empty text stands as null.
struct TextOrNull {
    static Value encode(const std::string& from) { return from.empty() ? Value() : Value(from); }
    static void write(const std::string& from, Text& out) {
        if (from.empty()) out.add(nullptr);
        else out.add(from);
    }
    static MaybeWrong decode(const Value& from, std::string& into);
    static Value schema();
};

template <>
struct Codec<bool> {
    static Value encode(bool from) { return from; }
    static void write(bool from, Text& out) { out.add(from); }
    static MaybeWrong decode(const Value& from, bool& into);
    static Value schema();
};

MaybeWrong read_whole(const Value& from, std::int64_t low, std::int64_t high, std::int64_t& into);
Value whole_schema();

template <std::int64_t low, std::int64_t high>
struct Whole {
    template <typename T>
    static Value encode(T from) {
        return from;
    }
    template <std::integral T>
    static void write(T from, Text& out) {
        out.add(from);
    }
    template <typename T>
    static MaybeWrong decode(const Value& from, T& into) {
        std::int64_t number = 0;
        MaybeWrong wrong = read_whole(from, low, high, number);
        if (!wrong) into = static_cast<T>(number);
        return wrong;
    }
    static Value schema() { return whole_schema(); }
};
template <>
struct Codec<std::uint64_t> : Whole<0, INT64_MAX> {};
template <>
struct Codec<std::int64_t> : Whole<INT64_MIN, INT64_MAX> {};

template <std::int64_t low, std::int64_t high>
struct Milliseconds {
    static Value encode(std::chrono::milliseconds from) { return from.count(); }
    static MaybeWrong decode(const Value& from, std::chrono::milliseconds& into) {
        std::int64_t number = 0;
        MaybeWrong wrong = read_whole(from, low, high, number);
        if (!wrong) into = std::chrono::milliseconds(number);
        return wrong;
    }
    static Value schema() { return whole_schema(); }
};

// Any JSON at all.
template <>
struct Codec<Value> {
    static Value encode(const Value& from) { return from; }
    static void write(const Value& from, Text& out) { out.add(from); }
    static MaybeWrong decode(const Value& from, Value& into) {
        into = from;
        return std::nullopt;
    }
    static Value schema() { return Object{}; }
};
// An object; what is none is written as {}.
struct AnObject {
    static Value encode(const Value& from) { return from.is_object() ? from : Value(Object{}); }
    static MaybeWrong decode(const Value& from, Value& into);
    static Value schema();
};
struct ObjectOrNull {
    static Value encode(const Value& from) { return from; }
    static MaybeWrong decode(const Value& from, Value& into);
    static Value schema();
};
// An object whose values are texts.
struct Labels : AnObject {
    static Value schema();
};

Value names_schema(const std::vector<std::string>& names);

template <NamedEnum E>
struct Codec<E> {
    static Value encode(E from) { return to_string(from); }
    static void write(E from, Text& out) { out.add(to_string(from)); }
    static MaybeWrong decode(const Value& from, E& into) {
        if (!from.is_string()) return wrong("is not a string");
        auto found = from_string<E>(from.as_string());
        if (!found) return wrong("the " + found.error().what);
        into = *found;
        return std::nullopt;
    }
    static Value schema() { return names_schema(name_list<E>()); }
};
template <NamedEnum E>
struct Codec<OpenName<E>> {
    static Value encode(const OpenName<E>& from) { return from.text(); }
    static void write(const OpenName<E>& from, Text& out) { out.add(from.text()); }
    static MaybeWrong decode(const Value& from, OpenName<E>& into) {
        if (!from.is_string()) return wrong("is not a string");
        into = OpenName<E>(from.as_string());
        return std::nullopt;
    }
    static Value schema() { return names_schema(name_list<E>()); }
};

template <typename C, typename T>
void write_as(const T& from, Text& out) {
    if constexpr (requires { C::write(from, out); }) C::write(from, out);
    else out.add(C::encode(from));
}

template <Shaped T>
struct Codec<T> {
    static Value encode(const T& from) { return encode_shape(from); }
    static void write(const T& from, Text& out) { write_shape(from, out); }
    static MaybeWrong decode(const Value& from, T& into) { return decode_shape(from, into); }
    static Value schema() {
        constexpr std::string_view name = fields_of(Of<T>{}).name;
        return name.empty() ? shape_schema<T>() : reference_to(name);
    }
};

// A list; null reads as an empty one.
template <typename T, typename C = Codec<T>>
struct List {
    static Value encode(const std::vector<T>& from) {
        Array out;
        out.reserve(from.size());
        for (const T& item : from) out.push_back(C::encode(item));
        return out;
    }
    static void write(const std::vector<T>& from, Text& out) {
        out.open_array();
        for (const T& item : from) write_as<C>(item, out);
        out.close_array();
    }
    static MaybeWrong decode(const Value& from, std::vector<T>& into) {
        into.clear();
        if (from.is_null()) return std::nullopt;
        if (!from.is_array()) return wrong("is no array");
        for (const Value& item : from.as_array()) {
            if (auto bad = C::decode(item, into.emplace_back())) {
                return inside(std::to_string(into.size() - 1), std::move(bad));
            }
        }
        return std::nullopt;
    }
    static Value schema() { return Object{{"type", "array"}, {"items", C::schema()}}; }
};
template <typename T>
struct Codec<std::vector<T>> : List<T> {};
// A list that must be there.
template <typename T>
struct PresentList : List<T> {
    static MaybeWrong decode(const Value& from, std::vector<T>& into) {
        return from.is_null() ? wrong("is no array") : List<T>::decode(from, into);
    }
};

// Nothing stands as null.
template <typename T>
struct Codec<std::optional<T>> {
    static Value encode(const std::optional<T>& from) {
        return from ? Codec<T>::encode(*from) : Value();
    }
    static void write(const std::optional<T>& from, Text& out) {
        if (from) write_as<Codec<T>>(*from, out);
        else out.add(nullptr);
    }
    static MaybeWrong decode(const Value& from, std::optional<T>& into) {
        into.reset();
        if (from.is_null()) return std::nullopt;
        return Codec<T>::decode(from, into.emplace());
    }
    static Value schema() { return or_null(Codec<T>::schema()); }
};

// --- Tables

// What reading does when a member is not there, or does not fit.
enum class Reading {
    strict,     // both are wrong
    omissible,  // it may be absent, not null, and then stays as it was
    absent,     // it may be absent or null, and then stays as it was
    lenient,    // in both cases it stays as it was
};

template <typename S, typename M, typename C>
struct Field {
    std::string_view name;
    M S::*member;
    Reading reading = Reading::strict;
    bool promised = true;                 // among "required" in the schema
    bool has_default = false;             // the schema names the value in a new S
    bool (*written)(const S&) = nullptr;  // null: always
    std::string_view description = {};    // in the schema
    std::string_view detail = {};         // of what is wrong, if not the codec's

    // It may be absent when it is read.
    constexpr Field optional() const { return with(&Field::reading, Reading::absent); }
    constexpr Field omissible() const {
        return with(&Field::reading, Reading::omissible).unpromised();
    }
    constexpr Field defaulted() const { return omissible().with(&Field::has_default, true); }
    constexpr Field lenient() const { return with(&Field::reading, Reading::lenient); }
    // The schema does not say that it is always there.
    constexpr Field unpromised() const { return with(&Field::promised, false); }
    constexpr Field written_if(bool (*when)(const S&)) const {
        return with(&Field::written, when).unpromised();
    }
    constexpr Field refused_as(std::string_view text) const { return with(&Field::detail, text); }
    constexpr Field says(std::string_view text) const { return with(&Field::description, text); }

    void encode(const S& from, Object& out) const {
        if (written && !written(from)) return;
        out.append(std::string(name), C::encode(from.*member));
    }
    void write(const S& from, Text& out) const {
        if (written && !written(from)) return;
        out.name(name);
        write_as<C>(from.*member, out);
    }
    MaybeWrong decode(const Value& from, S& into) const {
        const Value* found = from.find(name);
        const bool absent = !found || (found->is_null() && reading != Reading::omissible);
        if (absent && reading != Reading::strict) return std::nullopt;
        if (reading == Reading::lenient) {
            M read{};
            if (!C::decode(*found, read)) into.*member = std::move(read);
            return std::nullopt;
        }
        MaybeWrong bad = C::decode(found ? *found : Value(), into.*member);
        if (bad && !detail.empty()) bad = wrong(std::string(detail));
        return inside(name, std::move(bad));
    }
    void describe(Object& properties, Array& required) const {
        Value schema = C::schema();
        if (!description.empty()) schema.as_object().set("description", description);
        if (has_default) schema.as_object().set("default", C::encode(S{}.*member));
        properties.append(std::string(name), std::move(schema));
        if (promised) required.emplace_back(name);
    }

  private:
    template <typename V>
    constexpr Field with(V Field::*what, V value) const {
        Field other = *this;
        other.*what = value;
        return other;
    }
};

// A member struct whose own members stand beside the others.
template <typename S, typename M>
struct Inlined {
    M S::*member;

    void encode(const S& from, Object& out) const {
        std::apply([&](const auto&... each) { (each.encode(from.*member, out), ...); },
                   fields_of(Of<M>{}).fields);
    }
    void write(const S& from, Text& out) const {
        std::apply([&](const auto&... each) { (each.write(from.*member, out), ...); },
                   fields_of(Of<M>{}).fields);
    }
    MaybeWrong decode(const Value& from, S& into) const { return decode_shape(from, into.*member); }
    template <typename Report>
    void decode_members(const Value& from, S& into, const Report& report) const {
        decode_each(from, into.*member, report);
    }
    void describe(Object& properties, Array& required) const {
        std::apply([&](const auto&... each) { (each.describe(properties, required), ...); },
                   fields_of(Of<M>{}).fields);
    }
};

// The same for the schema of S that extends the one of M, and says only what it adds.
template <typename S, typename M>
struct Extended : Inlined<S, M> {
    void describe(Object&, Array&) const {}
};

// Members of the same struct that stand in an object of their own, or, with `there`, null instead.
template <typename S, typename... Fields>
struct Group {
    std::string_view name;
    std::tuple<Fields...> fields;
    bool (*there)(const S&) = nullptr;

    constexpr Group null_unless(bool (*is_there)(const S&)) const {
        Group other = *this;
        other.there = is_there;
        return other;
    }
    void encode(const S& from, Object& out) const {
        if (there && !there(from)) {
            out.append(std::string(name), nullptr);
            return;
        }
        Object members;
        std::apply([&](const auto&... each) { (each.encode(from, members), ...); }, fields);
        out.append(std::string(name), std::move(members));
    }
    void write(const S& from, Text& out) const {
        out.name(name);
        if (there && !there(from)) return out.add(nullptr);
        out.open_object();
        std::apply([&](const auto&... each) { (each.write(from, out), ...); }, fields);
        out.close_object();
    }
    MaybeWrong decode(const Value& from, S& into) const {
        const Value& found = from[name];
        if (!found.is_object())
            return there ? std::nullopt : inside(name, wrong("is not an object"));
        MaybeWrong bad;
        std::apply([&](const auto&... each) { ((bad = each.decode(found, into)) || ...); }, fields);
        return inside(name, std::move(bad));
    }
    void describe(Object& properties, Array& required) const {
        Object members;
        Array promised;
        std::apply([&](const auto&... each) { (each.describe(members, promised), ...); }, fields);
        properties.append(std::string(name), object_schema(std::move(members), std::move(promised),
                                                           {}, there != nullptr, false));
        required.emplace_back(name);
    }
};

template <typename... Fields>
struct Shape {
    std::tuple<Fields...> fields;
    std::string_view name = {};         // of its schema in OpenAPI; without one it is written out
    std::string_view description = {};  // in the schema
    bool may_be_null = false;           // in the schema
    bool closed = false;                // no other members, in the schema
    bool promises = true;               // the schema says which members are always there

    constexpr Shape called(std::string_view as, std::string_view text = {}) const {
        Shape other = *this;
        other.name = as;
        other.description = text;
        return other;
    }
    constexpr Shape null_too() const {
        Shape other = *this;
        other.may_be_null = true;
        return other;
    }
    constexpr Shape promising_nothing() const {
        Shape other = *this;
        other.promises = false;
        return other;
    }
    constexpr Shape nothing_else() const {
        Shape other = *this;
        other.closed = true;
        return other;
    }
};

template <typename... Fields>
constexpr Shape<Fields...> shape(Fields... fields) {
    return {.fields = {fields...}};
}
template <typename S, typename M>
constexpr Field<S, M, Codec<M>> field(std::string_view name, M S::*member) {
    return {.name = name, .member = member};
}
template <typename C, typename S, typename M>
constexpr Field<S, M, C> field_as(std::string_view name, M S::*member) {
    return {.name = name, .member = member};
}
template <typename S, typename M, typename C, typename... More>
constexpr Group<S, Field<S, M, C>, More...> group(std::string_view name, Field<S, M, C> first,
                                                  More... more) {
    return {.name = name, .fields = {first, more...}};
}
template <typename S, typename M>
constexpr Inlined<S, M> inlined(M S::*member) {
    return {.member = member};
}
template <typename S, typename M>
constexpr Extended<S, M> extended(M S::*member) {
    return {{.member = member}};
}

// Behind the members that `out` has.
template <Shaped T>
void append_shape(const T& from, Object& out) {
    std::apply([&](const auto&... each) { (each.encode(from, out), ...); },
               fields_of(Of<T>{}).fields);
}

template <Shaped T>
Object encode_shape(const T& from) {
    Object out;
    append_shape(from, out);
    return out;
}

template <Shaped T>
void write_shape(const T& from, Text& out) {
    out.open_object();
    std::apply([&](const auto&... each) { (each.write(from, out), ...); },
               fields_of(Of<T>{}).fields);
    out.close_object();
}

// The text of encode_shape(), made without it.
template <Shaped T>
Text text_of_shape(const T& from) {
    Text text;
    write_shape(from, text);
    return text;
}

template <Shaped T>
MaybeWrong decode_shape(const Value& from, T& into) {
    if (!from.is_object()) return wrong("is not an object");
    MaybeWrong bad;
    std::apply([&](const auto&... each) { ((bad = each.decode(from, into)) || ...); },
               fields_of(Of<T>{}).fields);
    return bad;
}

// The same, but all that is wrong is given to `report`, and what is right is read.
template <Shaped T, typename Report>
void decode_each(const Value& from, T& into, const Report& report) {
    const auto read = [&](const auto& each) {
        if constexpr (requires { each.decode_members(from, into, report); }) {
            each.decode_members(from, into, report);
        } else if (const MaybeWrong bad = each.decode(from, into)) {
            report(*bad);
        }
    };
    std::apply([&](const auto&... each) { (read(each), ...); }, fields_of(Of<T>{}).fields);
}

// The whole value; the error names what is wrong in it.
template <Shaped T>
Result<T> decode(const Value& from) {
    T read;
    if (const auto bad = decode_shape(from, read)) return fail(error_of(*bad));
    return read;
}

// That it has in OpenAPI.
template <Shaped T>
constexpr std::string_view schema_name() {
    return fields_of(Of<T>{}).name;
}

template <Shaped T>
Value shape_schema() {
    constexpr auto table = fields_of(Of<T>{});
    Object properties;
    Array required;
    std::apply([&](const auto&... each) { (each.describe(properties, required), ...); },
               table.fields);
    if (!table.promises) required.clear();
    return object_schema(std::move(properties), std::move(required), table.description,
                         table.may_be_null, table.closed);
}

}  // namespace evenkeel::json
