#include <algorithm>
#include <cmath>

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "core/json/counters.hpp"
#include "core/json/json.hpp"

namespace evenkeel::json {
namespace {

// Up to here every whole number is exact in a double.
constexpr double kExact = 9007199254740992.0;

// `canonical`: 1.0 equals 1 and is written alike, and so are -0.0 and 0.
template <typename Writer>
void put_double(Writer& writer, double number, bool canonical) {
    if (!std::isfinite(number)) {
        writer.Null();  // JSON has no word for it
    } else if (canonical && std::trunc(number) == number && std::abs(number) < kExact) {
        writer.Int64(static_cast<std::int64_t>(number));
    } else {
        writer.Double(number);
    }
}

// Recursion is bounded: the gate lets no value in that is nested deeper than kDeepest, and our own
// are far flatter.
template <typename Writer>
void put(Writer& writer, const Value& value, bool sorted) {
    if (value.is_null()) {
        writer.Null();
    } else if (value.is_bool()) {
        writer.Bool(value.as_bool());
    } else if (value.is_integer()) {
        writer.Int64(value.as_integer());
    } else if (value.is_number()) {
        put_double(writer, value.as_number(), sorted);
    } else if (value.is_string()) {
        const std::string& text = value.as_string();
        writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    } else if (value.is_array()) {
        writer.StartArray();
        for (const Value& item : value.as_array()) put(writer, item, sorted);
        writer.EndArray();
    } else {
        std::vector<const Member*> members;
        for (const Member& member : value.as_object()) members.push_back(&member);
        if (sorted) {
            std::sort(members.begin(), members.end(),
                      [](const Member* a, const Member* b) { return a->first < b->first; });
        }
        writer.StartObject();
        for (const Member* member : members) {
            writer.Key(member->first.data(),
                       static_cast<rapidjson::SizeType>(member->first.size()));
            put(writer, member->second, sorted);
        }
        writer.EndObject();
    }
}

std::string compact(const Value& value, bool sorted) {
    rapidjson::StringBuffer out;
    rapidjson::Writer<rapidjson::StringBuffer> writer(out);
    put(writer, value, sorted);
    count_write(out.GetSize());
    return std::string(out.GetString(), out.GetSize());
}

}  // namespace

std::string write(const Value& value) {
    return compact(value, false);
}

std::string write_canonical(const Value& value) {
    return compact(value, true);
}

std::string write_pretty(const Value& value) {
    rapidjson::StringBuffer out;
    rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(out);
    writer.SetIndent(' ', 2);
    put(writer, value, false);
    count_write(out.GetSize());
    return std::string(out.GetString(), out.GetSize());
}

}  // namespace evenkeel::json
