#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::json {

class Value;

// Writes compact JSON piece by piece, for what is written often: no Value is made on the way. What
// it writes is what write() makes of the same Value. A Text can be added to another one, as a part
// of it. The caller sees to it that names are unique and that what is opened is closed. [any]
class Text {
  public:
    Text() { out_.reserve(kUsualBytes); }

    void open_object() { open('{'); }
    void close_object() { close('}'); }
    void open_array() { open('['); }
    void close_array() { close(']'); }

    // Of the member whose value is added next.
    void name(std::string_view name);

    void add(std::nullptr_t);
    void add(bool value);
    template <std::integral T>
    requires(!std::same_as<T, bool>) void add(T value) {
        add_integer(static_cast<std::int64_t>(value));
    }
    void add(std::string_view text);
    void add(const std::string& text) { add(std::string_view(text)); }
    void add(const char* text) { add(std::string_view(text)); }
    void add(const Value& value);
    void add(const Text& part);

    template <typename T>
    void member(std::string_view name, const T& value) {
        this->name(name);
        add(value);
    }
    // An empty text stands as null.
    void member_or_null(std::string_view name, std::string_view text);

    // All that was added. Counts as one text written, its parts with it.
    std::string take();

  private:
    friend std::string write(const Value& value);
    friend std::string write_canonical(const Value& value);

    // What most records need.
    static constexpr std::size_t kUsualBytes = 512;

    void begin_value() {
        if (needs_comma_) out_.push_back(',');
        needs_comma_ = true;
    }
    void open(char bracket) {
        begin_value();
        out_.push_back(bracket);
        needs_comma_ = false;
    }
    void close(char bracket) {
        out_.push_back(bracket);
        needs_comma_ = true;
    }
    void add_integer(std::int64_t value);
    void add_number(double value, bool canonical);
    void add(const Value& value, bool canonical);

    std::string out_;
    bool needs_comma_ = false;
};

}  // namespace evenkeel::json
