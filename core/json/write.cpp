#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <rapidjson/internal/dtoa.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include "core/json/counters.hpp"
#include "core/json/json.hpp"
#include "core/json/text.hpp"

namespace evenkeel::json {
namespace {

// Up to here every whole number is exact in a double.
constexpr double kExact = 9007199254740992.0;

// For each byte of a text: 0 when it stands for itself, else what stands behind the backslash; 'u'
// for the code point in hex.
constexpr std::array<char, 256> escapes() {
    std::array<char, 256> all{};
    for (std::size_t c = 0; c < 0x20; ++c) all[c] = 'u';
    all['\b'] = 'b';
    all['\f'] = 'f';
    all['\n'] = 'n';
    all['\r'] = 'r';
    all['\t'] = 't';
    all['"'] = '"';
    all['\\'] = '\\';
    return all;
}
constexpr std::array<char, 256> kEscapes = escapes();

void append_quoted(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    out.push_back('"');
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (kEscapes[c] == 0) continue;
        out.append(text, from, i - from).push_back('\\');
        out.push_back(kEscapes[c]);
        if (kEscapes[c] == 'u') {
            out.append("00");
            out.push_back(kHex[c >> 4]);
            out.push_back(kHex[c & 0xF]);
        }
        from = i + 1;
    }
    out.append(text, from);
    out.push_back('"');
}

using Pretty = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

void put_string(Pretty& writer, const std::string& text) {
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void put(Pretty& writer, const Value& value) {
    if (value.is_null()) {
        writer.Null();
    } else if (value.is_bool()) {
        writer.Bool(value.as_bool());
    } else if (value.is_integer()) {
        writer.Int64(value.as_integer());
    } else if (value.is_number()) {
        // JSON has no word for what is not finite.
        if (std::isfinite(value.as_number())) writer.Double(value.as_number());
        else writer.Null();
    } else if (value.is_string()) {
        put_string(writer, value.as_string());
    } else if (value.is_array()) {
        writer.StartArray();
        for (const Value& item : value.as_array()) put(writer, item);
        writer.EndArray();
    } else {
        writer.StartObject();
        for (const auto& [name, member] : value.as_object()) {
            put_string(writer, name);
            put(writer, member);
        }
        writer.EndObject();
    }
}

std::vector<const Member*> sorted(const Object& object) {
    std::vector<const Member*> members;
    members.reserve(object.size());
    for (const Member& member : object) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const Member* a, const Member* b) { return a->first < b->first; });
    return members;
}

}  // namespace

void Text::name(std::string_view name) {
    begin_value();
    append_quoted(out_, name);
    out_.push_back(':');
    needs_comma_ = false;
}

void Text::add(std::nullptr_t) {
    begin_value();
    out_.append("null");
}

void Text::add(bool value) {
    begin_value();
    out_.append(value ? "true" : "false");
}

void Text::add_integer(std::int64_t value) {
    begin_value();
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
}

void Text::add_number(double value, bool canonical) {
    if (!std::isfinite(value)) return add(nullptr);  // JSON has no word for it
    // 1.0 equals 1 and is written alike, and so are -0.0 and 0.
    if (canonical && std::trunc(value) == value && std::abs(value) < kExact) {
        return add_integer(static_cast<std::int64_t>(value));
    }
    begin_value();
    std::array<char, 32> digits{};
    out_.append(digits.data(), rapidjson::internal::dtoa(value, digits.data()));
}

void Text::add(std::string_view text) {
    begin_value();
    append_quoted(out_, text);
}

void Text::add(const Text& part) {
    begin_value();
    out_.append(part.out_);
}

void Text::add(const Value& value) {
    add(value, false);
}

// Recursion is bounded: the gate lets no value in that is nested deeper than kDeepest, and our own
// are far flatter.
void Text::add(const Value& value, bool canonical) {
    if (value.is_string()) {
        add(value.as_string());
    } else if (value.is_null()) {
        add(nullptr);
    } else if (value.is_bool()) {
        add(value.as_bool());
    } else if (value.is_integer()) {
        add_integer(value.as_integer());
    } else if (value.is_number()) {
        add_number(value.as_number(), canonical);
    } else if (value.is_array()) {
        open_array();
        for (const Value& item : value.as_array()) add(item, canonical);
        close_array();
    } else {
        const auto add_member = [&](const Member& member) {
            name(member.first);
            add(member.second, canonical);
        };
        open_object();
        if (canonical) {
            for (const Member* member : sorted(value.as_object())) add_member(*member);
        } else {
            for (const Member& member : value.as_object()) add_member(member);
        }
        close_object();
    }
}

void Text::member_or_null(std::string_view name, std::string_view text) {
    this->name(name);
    if (text.empty()) add(nullptr);
    else add(text);
}

std::string Text::take() {
    count_write(out_.size());
    needs_comma_ = false;
    return std::exchange(out_, {});
}

std::string write(const Value& value) {
    Text text;
    text.add(value, false);
    return text.take();
}

std::string write_canonical(const Value& value) {
    Text text;
    text.add(value, true);
    return text.take();
}

std::string write_pretty(const Value& value) {
    rapidjson::StringBuffer out;
    Pretty writer(out);
    writer.SetIndent(' ', 2);
    put(writer, value);
    count_write(out.GetSize());
    return std::string(out.GetString(), out.GetSize());
}

}  // namespace evenkeel::json
