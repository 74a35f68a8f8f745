#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/client/cli/jsonpath.hpp"
#include "sdk/client/cli/table.hpp"
#include "sdk/client/cpp/result.hpp"

// What ek says: data on standard output, messages on standard error.
namespace evenkeel::cli {

enum class Format { table, wide, json, yaml, name, jsonpath };

// What -o says. `invalid` says what is known.
struct OutputFormat {
    Format kind = Format::table;
    JsonPath path = {};
    static Result<OutputFormat> read(const std::string& text);
};

class Output {
  public:
    explicit Output(OutputFormat format);

    // Whether data is printed for programs, with the functions that take JSON, and no table.
    bool is_data() const { return format_.kind != Format::table && format_.kind != Format::wide; }
    // Whether that is names only.
    bool is_name() const { return format_.kind == Format::name; }
    const Look& look() const { return look_; }

    void table(const Table& table) const;
    // Text that is safe for a terminal already, with its newlines.
    void text(std::string_view text) const;
    // Text that somebody else wrote: on a terminal nothing in it can drive the terminal; a program
    // gets what is there.
    void foreign(const std::string& text) const;
    // One object, given as JSON text, in the format asked for.
    void data(const std::string& json) const;
    // JSON text as it is, whatever the format, laid out for people; exactly the same values.
    void json(const std::string& text) const;
    // One object of many that come one by one: JSON on one line, a document of YAML, ...
    void data_line(const std::string& json) const;
    // A line of -o name.
    void name_line(const std::string& name) const;
    // {"items":[...]} of JSON texts, with further members of the JSON object `more`; with -o name
    // each item's name.
    void data_items(const std::vector<std::string>& items, const std::string& more = "{}") const;
    // The JSON object as an indented list of its members.
    void outline(const std::string& object) const;

    // One line on standard error after "ek: ", made printable.
    static void message(std::string_view text);
    // The failure on one line, each wrong field on one of its own, then the request id.
    static void failure(const client::Failure& failure, std::string_view about = "");

    // Whether everything arrived where standard output leads.
    bool flush() const;

  private:
    void path(const json::Value& value) const;

    OutputFormat format_;
    Look look_;
};

// What names the object to other commands: a name, a resource's "COLLECTION ID", a setting's "SCOPE
// KEY", else the id.
std::string name_of(const json::Value& object);

// The same JSON with control and direction characters inside strings as \u escapes, which
// json::write leaves as they are from U+0080 on.
std::string terminal_safe_json(std::string_view text);

// A JSON value in a cell: a string without its quotes, content by its hash and size, else JSON.
std::string brief(const std::string& json);

}  // namespace evenkeel::cli
