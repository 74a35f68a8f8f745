#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::log {

// Folds entries that come again and again: of one text, whatever its fields, kBurst are written in
// a window of time; the rest are counted, and the last one is written with their number once the
// window is over and anything is logged. At most kTextsMost texts are followed. Not thread-safe.
class Repeats {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr unsigned kBurst = 20;
    static constexpr std::chrono::seconds kWindow{10};
    static constexpr std::size_t kTextsMost = 500;

    struct Folded {
        int level = 0;
        std::string line;  // the last one
        unsigned count = 0;
    };

    // Whether this entry is to be written; if not, it is counted. `line` is the text with fields.
    bool passes(int level, std::string_view text, const std::string& line, Clock::time_point now);
    // Takes out what was folded in windows that are over.
    std::vector<Folded> take_over(Clock::time_point now);

  private:
    struct Window {
        Clock::time_point begin;
        unsigned passed = 0;
        Folded folded;
    };
    std::map<std::string, Window, std::less<>> windows_;
    Clock::time_point next_end_ = Clock::time_point::max();  // of a window with folded entries
};

}  // namespace evenkeel::log
