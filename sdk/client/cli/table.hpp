#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::cli {

struct Table {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;  // as many cells each as the header
};

struct Look {
    std::size_t width = 0;  // columns of the terminal; 0: not one, nothing is shortened
    bool colour = false;    // words that are a status, drifted or failed say, get one
};

// Every cell is made printable: what a host sent cannot drive the terminal. An empty cell is shown
// as "-". Lines end in a newline and are no wider than the look says.
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
