#pragma once

// json.hpp - optional: reading JSON in a plugin, over RapidJSON (Debian: rapidjson-dev), with the
// rules that the host has for everything from outside: iterative parsing, at most 64 levels deep,
// UTF-8 checked, no name twice in an object.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <evenkeel/cpp/batch.hpp>
#include <evenkeel/cpp/failure.hpp>
#include <rapidjson/document.h>
#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace evenkeel::sdk::json {

using Document = rapidjson::Document;
using Value = rapidjson::Value;

inline constexpr std::size_t kDepthMax = 64;

inline std::string_view text(const Value& value) {
    return {value.GetString(), value.GetStringLength()};
}

namespace detail {

// Passes the parser's events on to the document while they keep to the rules.
class Gate {
  public:
    explicit Gate(Document& document) : document_(document) {}

    bool Null() { return document_.Null(); }
    bool Bool(bool value) { return document_.Bool(value); }
    bool Int(int value) { return document_.Int(value); }
    bool Uint(unsigned value) { return document_.Uint(value); }
    bool Int64(std::int64_t value) { return document_.Int64(value); }
    bool Uint64(std::uint64_t value) { return document_.Uint64(value); }
    bool Double(double value) { return document_.Double(value); }
    bool RawNumber(const char* text, unsigned length, bool copy) {
        return document_.RawNumber(text, length, copy);
    }
    bool String(const char* text, unsigned length, bool copy) {
        return document_.String(text, length, copy);
    }
    bool Key(const char* text, unsigned length, bool copy) {
        if (!names_.back().emplace(text, length).second) return refuse("a name twice");
        return document_.Key(text, length, copy);
    }
    bool StartObject() { return enter() && document_.StartObject(); }
    bool EndObject(unsigned count) { return leave() && document_.EndObject(count); }
    bool StartArray() { return enter() && document_.StartArray(); }
    bool EndArray(unsigned count) { return leave() && document_.EndArray(count); }

    const char* refusal() const { return refusal_; }

  private:
    bool refuse(const char* why) { return refusal_ = why, false; }
    bool enter() {
        if (names_.size() == kDepthMax) return refuse("more than 64 levels");
        names_.emplace_back();
        return true;
    }
    bool leave() { return names_.pop_back(), true; }

    Document& document_;
    std::vector<std::unordered_set<std::string>> names_;
    const char* refusal_ = nullptr;
};

}  // namespace detail

// The document, or a Failure of EK_E_INVALID that says what is wrong with it.
inline Document parse(std::string_view input) {
    constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                                rapidjson::kParseValidateEncodingFlag |
                                rapidjson::kParseFullPrecisionFlag;
    // The parser would take a zero byte for the end of its input.
    if (input.find('\0') != input.npos) throw Failure(EK_E_INVALID, "not JSON: a zero byte");
    Document document;
    rapidjson::ParseResult result;
    const char* refusal = nullptr;
    auto read = [&](Document& target) {
        rapidjson::MemoryStream bytes(input.data() ? input.data() : "", input.size());
        rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
        rapidjson::Reader reader;
        detail::Gate gate(target);
        result = reader.Parse<kFlags>(stream, gate);
        refusal = gate.refusal();
        return !result.IsError();
    };
    document.Populate(read);
    if (refusal) throw Failure(EK_E_INVALID, std::string("the JSON has ") + refusal);
    if (result.IsError())
        throw Failure(EK_E_INVALID, std::string("not JSON: ") + GetParseError_En(result.Code()));
    return document;
}

// The same, and it is an object.
inline Document parse_object(std::string_view input) {
    Document document = parse(input);
    if (!document.IsObject()) throw Failure(EK_E_INVALID, "a JSON object is wanted");
    return document;
}

// The member, or nullptr. `object` is an object.
inline const Value* find(const Value& object, std::string_view name) {
    const Value key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    const auto member = object.FindMember(key);
    return member == object.MemberEnd() ? nullptr : &member->value;
}

// The member as text, if it is there; EK_E_INVALID if it is something else.
inline std::optional<std::string_view> text_of(const Value& object, std::string_view name) {
    const Value* value = find(object, name);
    if (!value) return std::nullopt;
    if (value->IsString()) return text(*value);
    throw Failure(EK_E_INVALID, std::string(name) + " is not a string").at("/" + std::string(name));
}

// The member as a truth value; `otherwise` if it is not there.
inline bool flag_of(const Value& object, std::string_view name, bool otherwise) {
    const Value* value = find(object, name);
    if (!value) return otherwise;
    if (value->IsBool()) return value->GetBool();
    throw Failure(EK_E_INVALID, std::string(name) + " is not true or false")
        .at("/" + std::string(name));
}

// The strings of a JSON array, as `read` and the filter of `list` give ids.
inline std::vector<std::string> texts_of(const Value& array) {
    if (!array.IsArray()) throw Failure(EK_E_INVALID, "an array of strings is wanted");
    std::vector<std::string> texts;
    for (const Value& item : array.GetArray()) {
        if (!item.IsString()) throw Failure(EK_E_INVALID, "an array of strings is wanted");
        texts.emplace_back(text(item));
    }
    return texts;
}

// The value as JSON text.
inline std::string write(const Value& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

// What apply_many is given.
inline std::vector<Entry> entries_of(std::string_view entries_json) {
    const Document document = parse(entries_json);
    if (!document.IsArray()) throw Failure(EK_E_INVALID, "an array of entries is wanted");
    std::vector<Entry> entries;
    for (const Value& item : document.GetArray()) {
        const Value* desired = item.IsObject() ? find(item, "desired") : nullptr;
        const auto id = desired ? text_of(item, "id") : std::nullopt;
        if (!id) throw Failure(EK_E_INVALID, "an entry has an id and what is desired of it");
        entries.push_back({std::string(*id), std::nullopt});
        if (!desired->IsNull()) entries.back().desired = write(*desired);
    }
    return entries;
}

}  // namespace evenkeel::sdk::json
