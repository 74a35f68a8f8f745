#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::plugin {

// What programs that a call ran have printed: its beginning and its end, and how much there was.
class PrintedOutput {
  public:
    static constexpr std::size_t kBytesMost = 64 * 1024;

    void add(std::string_view bytes);

    std::uint64_t bytes() const { return bytes_; }  // printed in all
    bool is_cut() const { return bytes_ > kBytesMost; }
    // As it was printed, at most kBytesMost and a line. Where something is left out a line that
    // begins with "..." says how much, and no line is left in part unless it is a long one, so that
    // who looks for a secret finds it whole.
    std::string text() const;

  private:
    std::string begin_, end_;
    std::uint64_t bytes_ = 0;
};

}  // namespace evenkeel::plugin
