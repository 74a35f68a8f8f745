#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/json.hpp"

namespace evenkeel::state {

class View;

// Fields of what REST shows of an entry ("compliance.since"), and what it has there, null where it
// has nothing: told from its record without reading all of it, so that lists are searched and
// sorted cheaply. The names outlive the call.
using FieldNames = std::vector<std::string_view>;
using FieldValues = std::vector<json::Value>;

// One entry of a list, while it is visited. The repository that made the list reads it:
// view.hosts().read(entry).
class Entry {
  public:
    Entry(std::string_view position, std::string_view record)
        : position_(position), record_(record) {}
    // Its position: opaque bytes that rise (or fall) in the order of the list.
    std::string_view position() const { return position_; }

  private:
    friend struct Record;
    std::string_view position_;
    std::string_view record_;
};

// Which entries to walk, and in which order: a repository makes it, and the code that shows lists
// walks it without knowing the records. A value: it holds no transaction, and may be walked again
// in a later snapshot. [any]
class List {
  public:
    // False ends the walk.
    using Visit = std::function<bool(const Entry&)>;

    // Its entries in its order, those past the position `after` if one is given. O(visited).
    Result<void> walk(const View& view, const Visit& visit, std::string_view after = "") const;
    // Those whose positions begin with `beginning`, by rising position. O(visited).
    Result<void> walk_below(const View& view, std::string_view beginning, const Visit& visit) const;
    // Visits the entry of this position, if there is one. O(1)
    Result<void> visit(const View& view, std::string_view position, const Visit& visit) const;

    // Whether an entry of this position would be in it.
    bool covers(std::string_view position) const;
    // Whether positions that begin so could be in it.
    bool meets(std::string_view beginning) const;
    // Whether positions fall in its order.
    bool is_reversed() const { return reversed_; }
    List reversed() const;
    // What the positions of its entries lie between: of two lists over the same kind of things
    // those with the same extent have the same entries.
    std::string extent() const { return from_ + '\n' + until_; }

  private:
    friend struct Record;
    List(unsigned table, std::string from, std::string until)
        : table_(table), from_(std::move(from)), until_(std::move(until)) {}

    unsigned table_;
    std::string from_;
    std::string until_;  // empty: to the end
    bool reversed_ = false;
};

}  // namespace evenkeel::state
