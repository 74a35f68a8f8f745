#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/client/cli/table.hpp"
#include "sdk/client/cpp/result.hpp"

// What ek says: data on standard output, messages on standard error.
namespace evenkeel::cli {

enum class Format { table, json };

class Output {
  public:
    explicit Output(Format format);

    bool is_json() const { return format_ == Format::json; }
    const Look& look() const { return look_; }

    void table(const Table& table) const;
    // Text that is safe for a terminal already, with its newlines.
    void text(std::string_view text) const;
    // JSON text, laid out for people; exactly the same values.
    void json(const std::string& text) const;
    // JSON text on one line.
    void json_line(const std::string& text) const;
    // {"items":[...]} of JSON texts, with further members of the JSON object `more`.
    void json_items(const std::vector<std::string>& items, const std::string& more = "{}") const;
    // The JSON object as an indented list of its members.
    void outline(const std::string& object) const;

    // One line on standard error after "ek: ", made printable.
    static void message(std::string_view text);
    // The failure on one line, each wrong field on one of its own, then the request id.
    static void failure(const client::Failure& failure, std::string_view about = "");

    // Whether everything arrived where standard output leads.
    bool flush() const;

  private:
    Format format_;
    Look look_;
};

// The same JSON with control and direction characters inside strings as \u escapes, which
// json::write leaves as they are from U+0080 on.
std::string terminal_safe_json(std::string_view text);

// A JSON value in a cell: a string without its quotes, content by its hash and size, else JSON.
std::string brief(const std::string& json);

}  // namespace evenkeel::cli
