#include "sdk/client/cpp/sse.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace evenkeel::client {
namespace {

constexpr std::size_t kEventBytesMost = 2 << 20;
constexpr std::uint64_t kRetryMsMost = 30'000;

}  // namespace

bool SseParser::feed(std::string_view bytes, const OnEvent& on_event) {
    for (const char c : bytes) {
        const bool second_half = c == '\n' && after_return_;
        after_return_ = c == '\r';
        if (second_half) continue;
        if (c == '\n' || c == '\r') {
            const bool more = take_line(on_event);
            line_.clear();
            if (!more) return false;
            continue;
        }
        line_.push_back(c);
        if (line_.size() + data_.size() > kEventBytesMost) {
            broke_a_bound_ = true;
            return false;
        }
    }
    return true;
}

bool SseParser::take_line(const OnEvent& on_event) {
    if (!line_.empty()) {
        const std::string_view line = line_;
        const std::size_t colon = std::min(line.find(':'), line.size());
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        if (value.starts_with(' ')) value.remove_prefix(1);
        take_field(line.substr(0, colon), value);
        return true;
    }
    // An id alone moves the mark too: a server tells by it where a stream begins.
    last_id_ = id_;
    const std::string name = std::exchange(name_, {});
    const std::string data = std::exchange(data_, {});
    if (!std::exchange(has_data_, false)) return true;
    return on_event(name.empty() ? "message" : name, data);
}

void SseParser::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        if (has_data_) data_ += '\n';
        data_ += value;
        has_data_ = true;
    } else if (name == "event") {
        name_ = value;
    } else if (name == "id" && value.find('\0') == std::string_view::npos) {
        id_ = value;
    } else if (name == "retry") {
        const auto ms = parse_number(value);
        if (ms)
            retry_ = std::chrono::milliseconds(std::clamp<std::uint64_t>(*ms, 50, kRetryMsMost));
    }
}

}  // namespace evenkeel::client
