#include <algorithm>
#include <charconv>
#include <cstdint>
#include <unordered_set>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "core/base/text.hpp"
#include "core/json/counters.hpp"
#include "core/json/json.hpp"

namespace evenkeel::json {
namespace {

// Numbers come as text: RapidJSON's own exact conversion is undefined for 0e250 and its like.
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                            rapidjson::kParseNumbersAsStringsFlag;

constexpr std::size_t kMembersFew = 16;

// Builds the value while RapidJSON's iterative reader walks the text. Returning false stops it.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
  public:
    explicit Builder(int depth) : depth_(std::min(depth, kDeepest)) {}

    bool Null() { return add(Value()); }
    bool Bool(bool value) { return add(Value(value)); }
    bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
        const char* const end = text + length;
        std::int64_t integer = 0;
        const auto whole = std::from_chars(text, end, integer);
        if (whole.ec == std::errc() && whole.ptr == end)
            return add(Value(static_cast<long>(integer)));
        double number = 0;
        if (std::from_chars(text, end, number).ec == std::errc()) return add(Value(number));
        error = Error{Errc::invalid, "a number that no double can hold"};
        return false;
    }
    bool String(const char* text, rapidjson::SizeType length, bool) {
        return checked({text, length}) && add(Value(std::string(text, length)));
    }
    bool StartObject() { return open(Value(Object())); }
    bool Key(const char* text, rapidjson::SizeType length, bool) {
        if (!checked({text, length})) return false;
        Frame& frame = stack_.back();
        frame.name.assign(text, length);
        if (is_new(frame)) return true;
        error = Error{Errc::invalid, "member '" + printable(frame.name) + "' stands twice"};
        return false;
    }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool StartArray() { return open(Value(Array())); }
    bool EndArray(rapidjson::SizeType) { return close(); }

    Value result;
    Error error;

  private:
    struct Frame {
        Value value;
        std::string name;                       // of the member that is being read
        std::unordered_set<std::string> names;  // of the members so far, once they are many
    };

    // Whether no member of the object has this name so far. Most objects are small: to look through
    // them is quicker than to keep a set.
    static bool is_new(Frame& frame) {
        const Object& object = frame.value.as_object();
        if (object.size() < kMembersFew) return !object.contains(frame.name);
        if (frame.names.empty()) {
            for (const Member& member : object) frame.names.insert(member.first);
        }
        return frame.names.insert(frame.name).second;
    }

    // The reader checks the bytes that stand in the text, but lets an escape like \udc00 through.
    bool checked(std::string_view text) {
        if (is_utf8(text)) return true;
        error = Error{Errc::invalid, "half of a surrogate pair"};
        return false;
    }
    bool add(Value value) {
        if (stack_.empty()) {
            result = std::move(value);
        } else if (stack_.back().value.is_array()) {
            stack_.back().value.as_array().push_back(std::move(value));
        } else {
            stack_.back().value.as_object().append(std::move(stack_.back().name), std::move(value));
        }
        return true;
    }
    bool open(Value value) {
        if (static_cast<int>(stack_.size()) >= depth_) {
            error = Error{Errc::limit, "nested deeper than " + std::to_string(depth_) + " levels"};
            return false;
        }
        stack_.push_back(Frame{std::move(value), {}, {}});
        return true;
    }
    bool close() {
        Value done = std::move(stack_.back().value);
        stack_.pop_back();
        return add(std::move(done));
    }

    int depth_;
    std::vector<Frame> stack_;
};

// For people and their editors: both count from 1, columns in characters.
std::string place_of(std::string_view text, std::size_t offset) {
    text = text.substr(0, offset);
    const auto line = 1 + std::count(text.begin(), text.end(), '\n');
    text.remove_prefix(text.rfind('\n') + 1);  // npos + 1 is 0
    const auto column =
        1 + std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
    return " at line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace

Result<Value> parse(std::string_view text, Limits limits) {
    count_parse(text.size());
    if (text.size() > limits.bytes) {
        return fail(Errc::limit, "JSON of " + std::to_string(text.size()) + " bytes is over " +
                                     std::to_string(limits.bytes));
    }
    Builder builder(limits.depth);
    rapidjson::Reader reader;
    rapidjson::MemoryStream bytes(text.data(), text.size());
    const auto done = reader.Parse<kFlags>(bytes, builder);
    if (!done.IsError()) {
        if (bytes.Tell() == text.size()) return std::move(builder.result);
        // The reader takes a zero byte for the end of its input.
        return fail(Errc::invalid, "not JSON: a zero byte" + place_of(text, bytes.Tell()));
    }
    const std::string where = place_of(text, done.Offset());
    if (done.Code() == rapidjson::kParseErrorTermination) {
        return fail(builder.error.code, builder.error.what + where);
    }
    std::string why = rapidjson::GetParseError_En(done.Code());
    if (!why.empty() && why.back() == '.') why.pop_back();
    return fail(Errc::invalid, "not JSON: " + why + where);
}

}  // namespace evenkeel::json
