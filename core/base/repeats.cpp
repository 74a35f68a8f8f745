#include "core/base/repeats.hpp"

#include <algorithm>
#include <utility>

namespace evenkeel::log {

bool Repeats::passes(int level, std::string_view text, const std::string& line,
                     Clock::time_point now) {
    auto found = windows_.find(text);
    if (found == windows_.end()) {
        if (windows_.size() >= kTextsMost) {
            std::erase_if(windows_, [now](const auto& each) {
                return each.second.folded.count == 0 && now - each.second.begin >= kWindow;
            });
            if (windows_.size() >= kTextsMost) return true;
        }
        found = windows_.emplace(text, Window{now, 0, {}}).first;
    }
    Window& window = found->second;
    if (now - window.begin >= kWindow && window.folded.count == 0) window = {now, 0, {}};
    if (window.passed < kBurst) {
        ++window.passed;
        return true;
    }
    window.folded.level = level;
    window.folded.line = line;
    ++window.folded.count;
    next_end_ = std::min(next_end_, window.begin + kWindow);
    return false;
}

std::vector<Repeats::Folded> Repeats::take_over(Clock::time_point now) {
    std::vector<Folded> over;
    if (now < next_end_) return over;
    next_end_ = Clock::time_point::max();
    for (auto& [text, window] : windows_) {
        if (window.folded.count == 0) continue;
        if (now - window.begin < kWindow) {
            next_end_ = std::min(next_end_, window.begin + kWindow);
            continue;
        }
        over.push_back(std::move(window.folded));
        window = {now, 0, {}};
    }
    return over;
}

}  // namespace evenkeel::log
