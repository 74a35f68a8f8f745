#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace evenkeel::plugin {

// Makes lines of what a plugin's process prints, at most 4 KiB long. Not locked.
class PrintedLines {
  public:
    static constexpr std::size_t kLineMost = 4096;

    explicit PrintedLines(std::function<void(const std::string& line)> line)
        : line_(std::move(line)) {}

    void add(std::string_view piece) {
        for (const char letter : piece) {
            if (letter != '\n') pending_ += letter;
            if (letter == '\n' || pending_.size() == kLineMost) end();
        }
    }
    // What has no line end yet.
    void end() {
        if (!pending_.empty()) line_(pending_);
        pending_.clear();
    }

  private:
    std::function<void(const std::string&)> line_;
    std::string pending_;
};

// Counts what somebody sends, and says when it is more than is read in a second: the rest stays
// where it is, and the sender waits. Not locked.
class FloodGate {
  public:
    static constexpr std::size_t kMostInASecond = 64 * 1024;

    bool is_flood(std::size_t bytes, std::chrono::milliseconds now) {
        if (now - second_ >= std::chrono::seconds(1)) {
            second_ = now;
            read_ = 0;
        }
        read_ += bytes;
        return read_ > kMostInASecond;
    }

  private:
    std::chrono::milliseconds second_{};
    std::size_t read_ = 0;
};

}  // namespace evenkeel::plugin
