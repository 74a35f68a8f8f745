#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::cli {

struct Column {
    enum class Room {
        shared,  // shortened first when the terminal is narrow
        kept,    // what names the row, and what it is about: shortened last
        wide,    // shown in a wide table only
    };
    Column(const char* text) : title(text) {}
    Column(const char* text, Room given) : title(text), room(given) {}
    std::string title;
    Room room = Room::shared;
};
using Columns = std::vector<Column>;

struct Table {
    Columns header;
    std::vector<std::vector<std::string>> rows;  // as many cells each as the header
};

struct Look {
    std::size_t width = 0;  // columns of the terminal; 0: not one, nothing is shortened
    bool colour = false;    // words that are a status, drifted or failed say, get one
    bool terminal = false;
    bool wide = false;  // with the columns that are for a wide table only
};

// Every cell is made printable: what a host sent cannot drive the terminal. An empty cell is shown
// as "-", a time without fractions of a second. Lines end in a newline and are no wider than the
// look says.
std::string render(const Table& table, const Look& look);

// A table that goes on, in columns that only grow wider.
class RunningTable {
  public:
    explicit RunningTable(Look look) : look_(look) {}
    // The lines of these rows, with the header above them the first time.
    std::string show(const Table& table);

  private:
    Look look_;
    std::vector<std::size_t> widths_;
};

// Columns that the text takes on a terminal. Needs a UTF-8 LC_CTYPE for anything but ASCII.
std::size_t display_width(std::string_view text);

// The text, or its beginning and "…", in at most `width` columns.
std::string shortened(std::string_view text, std::size_t width);

// The text between the escapes of its colour, if it is a status word; else the text.
std::string coloured(const std::string& text, std::string_view status);

}  // namespace evenkeel::cli
