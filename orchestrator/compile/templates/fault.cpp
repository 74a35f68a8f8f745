#include "orchestrator/compile/templates/fault.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/text.hpp"

namespace evenkeel::templates {
namespace {

// Facts come from machines that are not trusted, so the work on their names is bounded.
constexpr std::size_t kComparedMost = 1000;
constexpr std::size_t kComparedBytes = 64;
constexpr std::size_t kToldMost = 20;
constexpr std::size_t kQuotedBytes = 80;

// Levenshtein's: how many letters are to be changed, put in or left out.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

// The same order whatever the order of `names`.
std::vector<std::string> nearest_first(std::string_view wrong, std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.size() > kComparedMost) names.resize(kComparedMost);
    std::vector<std::pair<std::size_t, std::string>> far;
    for (std::string& name : names) {
        const std::string_view compared = std::string_view(name).substr(0, kComparedBytes);
        far.emplace_back(distance(wrong.substr(0, kComparedBytes), compared), std::move(name));
    }
    std::sort(far.begin(), far.end());
    std::vector<std::string> sorted;
    for (auto& [steps, name] : far) sorted.push_back(std::move(name));
    return sorted;
}

}  // namespace

Place place_of(std::string_view text, std::size_t byte) {
    text = text.substr(0, byte);
    const auto lines = std::count(text.begin(), text.end(), '\n');
    text.remove_prefix(text.rfind('\n') + 1);  // npos + 1 is 0
    const auto characters =
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
    return {byte, static_cast<std::size_t>(lines) + 1, static_cast<std::size_t>(characters) + 1};
}

std::string to_string(const Fault& fault) {
    return "line " + std::to_string(fault.place.line) + ", column " +
           std::to_string(fault.place.column) + ": " + fault.what;
}

tl::unexpected<Fault> fault_at(std::size_t byte, std::string what, Errc code) {
    return fail(Fault{code, {.byte = byte}, std::move(what)});
}

Fault unknown_name(std::size_t byte, std::string problem, std::string_view wrong,
                   std::vector<std::string> names) {
    Fault fault{Errc::not_found, {.byte = byte}, std::move(problem)};
    fault.known = nearest_first(wrong, std::move(names));
    const std::size_t more = fault.known.size() - std::min(fault.known.size(), kToldMost);
    if (more > 0) fault.known.resize(kToldMost);
    for (std::string& name : fault.known) name = printable(name.substr(0, kQuotedBytes));
    std::string told;
    for (const std::string& name : fault.known) told += (told.empty() ? "" : ", ") + name;
    fault.what += told.empty() ? ", and there are no names" : ": expected one of " + told;
    if (more > 0) fault.what += " and others";
    return fault;
}

std::string quoted(std::string_view text) {
    return "'" + printable(text.substr(0, kQuotedBytes)) +
           (text.size() > kQuotedBytes ? "…'" : "'");
}

}  // namespace evenkeel::templates
