#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "orchestrator/filter/fields.hpp"

// The one filter language: of lists, targets, assignments, peers and `when`.
//
//   filter     = and { "OR" and }
//   and        = term { "AND" term }
//   term       = "NOT" term | "(" filter ")" | comparison
//   comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | ":" ) value
//              | field "in" "(" value { "," value } ")"
//              | field "matches" value
//   value      = word | '"' text '"'         (\" and \\ are a quote and a backslash)
//
// docs/filters.md is its page for people; its tables are executed as tests.
namespace evenkeel::filter {

inline constexpr std::size_t kFilterBytesMost = 4096;
inline constexpr std::size_t kTermsMost = 100;
inline constexpr std::size_t kDepthMost = 32;  // of parentheses and NOT

// Why a text is no filter.
struct FilterError {
    std::size_t position = 0;  // bytes from 0
    std::string expected;
    std::string found;  // from there to the next space, printable; empty at the end

    // "at position 7: expected =, not 'x'": one sentence.
    std::string sentence() const;
};

struct FieldUse {
    std::string name;
    std::size_t position = 0;  // where it stands first
    friend bool operator==(const FieldUse&, const FieldUse&) = default;
};

struct Parsed;

// A condition on the fields of an item. A value that is read once and used often: copies share what
// was read. Thread-safe.
class Filter {
  public:
    // What a field has; JSON null where it has nothing. Valid until the next is asked for.
    using LookUp = std::function<const json::Value&(std::string_view field)>;

    Filter() = default;  // everything matches
    // `fields` are not kept.
    static tl::expected<Filter, FilterError> read(std::string_view text, const Fields& fields);

    bool empty() const { return !parsed_; }
    bool matches(const json::Value& item) const;
    bool matches(const LookUp& look_up) const;
    // By what an item has in fields(), in their order.
    bool matches(std::span<const json::Value> values) const;

    // The value that `field` has in every item that matches, where the filter demands one by `=`:
    // an index over the field finds them all. Nothing for a field that is a tree. Text only.
    std::optional<std::string> required(std::string_view field) const;
    // The fields that are named, each once, in the order of the text.
    const std::vector<FieldUse>& fields() const;
    // The same filter with each name of a host, in a field that holds an id, replaced by what
    // `id_of` says.
    Filter with_host_ids(const std::function<std::string(const std::string& name)>& id_of) const;

  private:
    explicit Filter(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

    std::shared_ptr<const Parsed> parsed_;
};

}  // namespace evenkeel::filter
