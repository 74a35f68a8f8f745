#include "orchestrator/http/frame.hpp"

#include <atomic>
#include <utility>

namespace evenkeel::http {
namespace {

std::atomic<std::uint64_t> made;

Frame keep(std::string text) {
    made.fetch_add(1, std::memory_order_relaxed);
    return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

// Each line of the data has its own `data:`.
Frame make_frame(std::string_view id, std::string_view name, std::string_view data) {
    std::string text;
    text.reserve(id.size() + name.size() + data.size() + 32);
    if (!id.empty()) text.append("id: ").append(id).append("\n");
    if (!name.empty()) text.append("event: ").append(name).append("\n");
    // JSON is one line, and searching for single characters is many times faster.
    const bool one_line =
        data.find('\n') == std::string_view::npos && data.find('\r') == std::string_view::npos;
    for (std::size_t at = 0;;) {
        const std::size_t end = one_line ? std::string_view::npos : data.find_first_of("\r\n", at);
        text.append("data: ").append(data.substr(at, end - at)).append("\n");
        if (end == std::string_view::npos) break;
        at = end + (data.substr(end, 2) == "\r\n" ? 2 : 1);
    }
    return keep(std::move(text.append("\n")));
}

Frame make_mark(std::string_view id) {
    return keep("id: " + std::string(id) + "\n\n");
}

std::uint64_t frames_made() {
    return made.load(std::memory_order_relaxed);
}

}  // namespace evenkeel::http
