#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace evenkeel::herd {

class Agent;
struct Herd;

// CPU time (user and system) and resident memory of this process.
std::uint64_t own_cpu_ms();
std::uint64_t own_rss_kib();

// One JSON object a line on standard output: what has happened since the last mark.
class Report {
  public:
    Report(const Herd& herd, const std::vector<std::unique_ptr<Agent>>& agents);
    // Times and tries count from now on.
    void mark();
    // `event` says why this line is printed.
    void print(std::string_view event) const;

  private:
    const Herd& herd_;
    const std::vector<std::unique_ptr<Agent>>& agents_;
    std::uint64_t mark_ns_ = 0;
    std::uint64_t cpu_ms_at_mark_ = 0;
};

}  // namespace evenkeel::herd
