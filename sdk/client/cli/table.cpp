#include "sdk/client/cli/table.hpp"

#include <algorithm>
#include <cwchar>
#include <numeric>

#include "core/base/text.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 4;

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

// No narrower than the widths were.
void widen(Widths& widths, const Table& table) {
    widths.resize(table.header.size());
    const auto look_at = [&widths](const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(cells[i]));
        }
    };
    look_at(table.header);
    for (const auto& row : table.rows) look_at(row);
}

// Takes from the widest column until the sum fits or all are narrow.
void fit(Widths& widths, std::size_t total) {
    const std::size_t gaps = kGap * (widths.size() - 1);
    for (;;) {
        const std::size_t sum = std::accumulate(widths.begin(), widths.end(), gaps);
        const auto widest = std::max_element(widths.begin(), widths.end());
        if (sum <= total || *widest <= kNarrowest) return;
        --*widest;
    }
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
    Table shown{table.header, table.rows};
    for (auto& row : shown.rows) {
        for (auto& cell : row) cell = cell.empty() ? "-" : printable(cell);
    }
    const bool is_first = widths_.empty();
    widen(widths_, shown);
    Widths widths = widths_;
    if (look_.width > 0) fit(widths, look_.width);
    std::string out = is_first ? line_of(shown.header, widths, look_) : "";
    for (const auto& row : shown.rows) out += line_of(row, widths, look_);
    return out;
}

}  // namespace evenkeel::cli
