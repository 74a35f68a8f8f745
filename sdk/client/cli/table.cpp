#include "sdk/client/cli/table.hpp"

#include <algorithm>
#include <cwchar>
#include <numeric>

#include "core/base/text.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 4;
constexpr std::size_t kReadable = 10;

struct Glyph {
    std::size_t bytes = 1;
    std::size_t columns = 1;
};

Glyph glyph_at(std::string_view text) {
    std::mbstate_t state{};
    wchar_t wide = 0;
    const std::size_t bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
    // What the locale cannot read counts as one column a byte.
    if (bytes == 0 || bytes > text.size()) return {};
    const int columns = ::wcwidth(wide);
    return {bytes, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

using Widths = std::vector<std::size_t>;
using Cells = std::vector<std::string>;
using Rows = std::vector<Cells>;

// No narrower than the widths were.
void widen(Widths& widths, const Cells& header, const Rows& rows) {
    widths.resize(header.size());
    const auto look_at = [&widths](const Cells& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(cells[i]));
        }
    };
    look_at(header);
    for (const Cells& row : rows) look_at(row);
}

// Takes from the widest of those columns until all fit or each is down to `narrowest`.
void fit(Widths& widths, std::size_t total, const Columns& columns, bool kept_too,
         std::size_t narrowest) {
    const std::size_t gaps = kGap * (widths.size() - 1);
    while (std::accumulate(widths.begin(), widths.end(), gaps) > total) {
        std::size_t* widest = nullptr;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (!kept_too && columns[i].room == Column::Room::kept) continue;
            if (widths[i] > narrowest && (!widest || widths[i] > *widest)) widest = &widths[i];
        }
        if (!widest) return;
        --*widest;
    }
}

// The columns that name the row keep their room as long as the others can give some.
void fit(Widths& widths, std::size_t total, const Columns& columns) {
    fit(widths, total, columns, false, kReadable);
    fit(widths, total, columns, true, kReadable);
    fit(widths, total, columns, true, kNarrowest);
}

// 2026-11-29T05:36:53.120Z without its milliseconds, which are nothing for people.
std::string without_fraction(const std::string& cell) {
    const bool is_time = cell.size() == 24 && cell[10] == 'T' && cell[19] == '.' && cell[23] == 'Z';
    return is_time ? cell.substr(0, 19) + "Z" : cell;
}

// What is shown of a table: its columns, and its cells made printable.
struct Shown {
    Columns columns;
    Cells header;
    Rows rows;
};

Shown shown_of(const Table& table, bool wide) {
    Shown shown;
    shown.rows.resize(table.rows.size());
    for (std::size_t i = 0; i < table.header.size(); ++i) {
        if (table.header[i].room == Column::Room::wide && !wide) continue;
        shown.columns.push_back(table.header[i]);
        shown.header.push_back(table.header[i].title);
        for (std::size_t r = 0; r < table.rows.size(); ++r) {
            const std::string& cell = table.rows[r][i];
            shown.rows[r].push_back(cell.empty() ? "-" : printable(without_fraction(cell)));
        }
    }
    return shown;
}

std::string line_of(const std::vector<std::string>& cells, const Widths& widths, const Look& look) {
    std::string line;
    std::size_t used = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) {
            line.append(kGap, ' ');
            used += kGap;
        }
        std::size_t room = widths[i];
        if (look.width > 0) room = std::min(room, look.width - std::min(look.width, used));
        const std::string cell = shortened(cells[i], room);
        line += look.colour ? coloured(cell, cells[i]) : cell;
        used += room;
        if (look.width > 0 && used + kGap >= look.width) break;
        if (i + 1 < cells.size()) line.append(room - display_width(cell), ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    return line + "\n";
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Glyph glyph = glyph_at(text);
        columns += glyph.columns;
        text.remove_prefix(glyph.bytes);
    }
    return columns;
}

std::string shortened(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) return std::string(text);
    if (width == 0) return {};
    std::size_t columns = 0;
    std::size_t bytes = 0;
    while (bytes < text.size()) {
        const Glyph glyph = glyph_at(text.substr(bytes));
        if (columns + glyph.columns > width - 1) break;
        columns += glyph.columns;
        bytes += glyph.bytes;
    }
    return std::string(text.substr(0, bytes)) + "…";
}

std::string coloured(const std::string& text, std::string_view status) {
    struct Colour {
        std::string_view word;
        std::string_view escape;
    };
    static constexpr Colour kColours[] = {
        {"compliant", "\033[32m"}, {"succeeded", "\033[32m"}, {"online", "\033[32m"},
        {"done", "\033[32m"},      {"drifted", "\033[33m"},   {"planned", "\033[33m"},
        {"failed", "\033[31m"},    {"expired", "\033[31m"},   {"interrupted", "\033[31m"},
        {"unknown", "\033[35m"},   {"offline", "\033[35m"},
    };
    for (const Colour& colour : kColours) {
        if (colour.word == status) return std::string(colour.escape) + text + "\033[0m";
    }
    return text;
}

std::string render(const Table& table, const Look& look) {
    return RunningTable(look).show(table);
}

std::string RunningTable::show(const Table& table) {
    const Shown shown = shown_of(table, look_.wide);
    const bool is_first = widths_.empty();
    widen(widths_, shown.header, shown.rows);
    Widths widths = widths_;
    if (look_.width > 0) fit(widths, look_.width, shown.columns);
    std::string out = is_first ? line_of(shown.header, widths, look_) : "";
    for (const Cells& row : shown.rows) out += line_of(row, widths, look_);
    return out;
}

}  // namespace evenkeel::cli
