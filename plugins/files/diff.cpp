#include "plugins/files/diff.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <evenkeel/cpp/write.hpp>

// Myers' greedy algorithm over lines, between the first and the last line that differ. Where more
// lines differ than a diff of kDiffMax could show, all of them are taken as replaced.
namespace evenkeel::files {

namespace {

using Lines = std::vector<std::string_view>;

constexpr std::int64_t kEditsMax = 1000;
constexpr std::size_t kContext = 3;

// One line of the result: kept, removed or added, in the order in which it is shown.
struct Line {
    char mark;  // ' ', '-' or '+'
    std::string_view text;
};

Lines split(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

// The furthest points reached with 0, 1, 2 ... edits; the path back through them is the script.
class Script {
  public:
    std::vector<Line> between(const Lines& a, const Lines& b) {
        if (const auto edits = search(a, b)) return walk_back(a, b, *edits);
        std::vector<Line> all;
        for (const auto line : a) all.push_back({'-', line});
        for (const auto line : b) all.push_back({'+', line});
        return all;
    }

  private:
    using Row = std::vector<std::int64_t>;  // for each diagonal k from -d to d, at k + d + 1

    static std::int64_t from(const Row& row, std::int64_t d, std::int64_t k) {
        const std::int64_t at = k + d + 1;
        return at < 0 || at >= static_cast<std::int64_t>(row.size())
                   ? -1
                   : row[static_cast<std::size_t>(at)];
    }
    // Whether diagonal k is best reached by an added line (from k + 1).
    static bool comes(const Row& last, std::int64_t d, std::int64_t k) {
        return k == -d || (k != d && from(last, d - 1, k - 1) < from(last, d - 1, k + 1));
    }

    std::optional<std::int64_t> search(const Lines& a, const Lines& b) {
        const auto n = static_cast<std::int64_t>(a.size());
        const auto m = static_cast<std::int64_t>(b.size());
        Row last{0, 0, 0};
        for (std::int64_t d = 0; d <= std::min(n + m, kEditsMax); ++d) {
            Row row(static_cast<std::size_t>(2 * d + 3), -1);
            for (std::int64_t k = -d; k <= d; k += 2) {
                std::int64_t x = 0;
                if (d > 0)
                    x = comes(last, d, k) ? from(last, d - 1, k + 1) : from(last, d - 1, k - 1) + 1;
                while (x < n && x - k < m && x - k >= 0 &&
                       a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)])
                    ++x;
                row[static_cast<std::size_t>(k + d + 1)] = x;
                if (x >= n && x - k >= m) {
                    rows_.push_back(std::move(row));
                    return d;
                }
            }
            rows_.push_back(row);
            last = std::move(row);
        }
        return std::nullopt;
    }

    std::vector<Line> walk_back(const Lines& a, const Lines& b, std::int64_t edits) const {
        std::vector<Line> reversed;
        auto x = static_cast<std::int64_t>(a.size());
        auto y = static_cast<std::int64_t>(b.size());
        const auto keep_until = [&](std::int64_t start) {
            for (; x > start; --x, --y)
                reversed.push_back({' ', a[static_cast<std::size_t>(x - 1)]});
        };
        for (std::int64_t d = edits; d > 0; --d) {
            const Row& last = rows_[static_cast<std::size_t>(d - 1)];
            const std::int64_t k = x - y;
            if (comes(last, d, k)) {
                keep_until(from(last, d - 1, k + 1));
                reversed.push_back({'+', b[static_cast<std::size_t>(--y)]});
            } else {
                keep_until(from(last, d - 1, k - 1) + 1);
                reversed.push_back({'-', a[static_cast<std::size_t>(--x)]});
            }
        }
        keep_until(0);
        return {reversed.rbegin(), reversed.rend()};
    }

    std::vector<Row> rows_;
};

std::vector<Line> compare(const Lines& before, const Lines& after) {
    const auto same = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
    const auto head = same.first - before.begin();
    std::ptrdiff_t tail = 0;
    const auto room = std::min(before.end() - same.first, after.end() - same.second);
    while (tail < room && *(before.end() - 1 - tail) == *(after.end() - 1 - tail)) ++tail;

    std::vector<Line> lines;
    for (auto line = before.begin(); line != same.first; ++line) lines.push_back({' ', *line});
    const auto middle = Script().between(Lines(before.begin() + head, before.end() - tail),
                                         Lines(after.begin() + head, after.end() - tail));
    lines.insert(lines.end(), middle.begin(), middle.end());
    for (auto line = before.end() - tail; line != before.end(); ++line)
        lines.push_back({' ', *line});
    return lines;
}

// "3,4" or, for a single line, "3"; a range without lines names the one before it.
std::string range(std::size_t first, std::size_t count) {
    if (count == 0) return std::to_string(first) + ",0";
    if (count == 1) return std::to_string(first + 1);
    return std::to_string(first + 1) + "," + std::to_string(count);
}

void show(const Line& line, std::string& out) {
    (out += line.mark) += line.text;
    if (line.text.empty() || line.text.back() != '\n') out += "\n\\ No newline at end of file\n";
}

std::string in_hunks(const std::vector<Line>& lines) {
    std::string out;
    std::size_t old_line = 0, new_line = 0, at = 0;
    while (at < lines.size() && out.size() <= kDiffMax) {
        const auto changed = std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(at),
                                          lines.end(), [](auto& l) { return l.mark != ' '; });
        if (changed == lines.end()) break;
        const auto first = static_cast<std::size_t>(changed - lines.begin());
        const std::size_t begin = first - std::min(first - at, kContext);
        // A hunk goes on while the next change is near enough to share its context.
        std::size_t end = first, quiet = 0;
        for (std::size_t i = first; i < lines.size() && quiet <= 2 * kContext; ++i) {
            quiet = lines[i].mark == ' ' ? quiet + 1 : 0;
            if (quiet == 0) end = i + 1;
        }
        end = std::min(end + kContext, lines.size());
        old_line += begin - at, new_line += begin - at;
        std::size_t removed = 0, added = 0;
        std::string body;
        for (std::size_t i = begin; i < end; ++i) {
            removed += lines[i].mark != '+';
            added += lines[i].mark != '-';
            show(lines[i], body);
        }
        out += "@@ -" + range(old_line, removed) + " +" + range(new_line, added) + " @@\n" + body;
        old_line += removed, new_line += added, at = end;
    }
    return out;
}

bool is_text(std::string_view bytes) {
    return bytes.find('\0') == bytes.npos && sdk::is_utf8(bytes);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
    if (before == after || !is_text(before) || !is_text(after)) return {};
    std::string diff = in_hunks(compare(split(before), split(after)));
    return diff.size() <= kDiffMax ? diff : std::string();
}

}  // namespace evenkeel::files
