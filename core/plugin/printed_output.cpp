#include "core/plugin/printed_output.hpp"

#include <algorithm>

namespace evenkeel::plugin {
namespace {

constexpr std::size_t kPart = PrintedOutput::kBytesMost / 2;
// A longer line is cut within.
constexpr std::size_t kLineMost = kPart / 2;

std::string_view whole_lines_at_begin(std::string_view text) {
    const std::size_t end = text.rfind('\n');
    const bool found = end != text.npos && text.size() - end <= kLineMost;
    return text.substr(0, found ? end + 1 : text.size() - kLineMost);
}

std::string_view whole_lines_at_end(std::string_view text) {
    const std::size_t end = text.find('\n');
    const bool found = end != text.npos && end < kLineMost;
    return text.substr(found ? end + 1 : kLineMost);
}

}  // namespace

void PrintedOutput::add(std::string_view bytes) {
    bytes_ += bytes.size();
    const std::size_t first = std::min(bytes.size(), kPart - begin_.size());
    begin_.append(bytes.substr(0, first));
    bytes.remove_prefix(first);
    if (bytes.size() > kPart) bytes.remove_prefix(bytes.size() - kPart);
    end_.append(bytes);
    // Now and then, not with each line.
    if (end_.size() > 2 * kPart) end_.erase(0, end_.size() - kPart);
}

std::string PrintedOutput::text() const {
    const std::string_view last =
        std::string_view(end_).substr(end_.size() - std::min(end_.size(), kPart));
    if (!is_cut()) return begin_ + std::string(last);
    const std::string_view first = whole_lines_at_begin(begin_), rest = whole_lines_at_end(last);
    std::string text(first);
    if (!text.ends_with('\n')) text += '\n';
    const std::uint64_t left_out = bytes_ - first.size() - rest.size();
    text += "... " + std::to_string(left_out) + " bytes are left out ...\n";
    return text.append(rest);
}

}  // namespace evenkeel::plugin
