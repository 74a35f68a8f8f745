#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "orchestrator/api/context.hpp"

namespace evenkeel::api {

// The content of /metrics, in Prometheus' text format 0.0.4. Labels come from closed lists (routes,
// states, types), never from names or ids of clients, so that the number of series is bounded. It
// is for everybody, so what grows with the hosts is counted in at most a tenth of the loop's time:
// until then the figures of the last counting are shown.
class Metrics {
  public:
    // A request was answered. `route` is the table's template, empty when none matched. [any]
    void answered(std::string_view method, std::string_view route, int status, double seconds);
    // Counts what has been committed. [loop]
    void listen(state::State& state);

    // All of it as it is now. [loop]
    Result<std::string> text(const Context& context) const;

    // Upper bounds of the durations' buckets, in seconds.
    static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                           0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 60.0};

  private:
    Result<void> append_counted(const Context& context, const state::View& view,
                                std::string& text) const;

    struct Durations {
        std::array<std::uint64_t, kBounds.size()> buckets{};
        std::uint64_t count = 0;
        double sum = 0;
    };
    mutable std::mutex mutex_;
    std::map<std::tuple<std::string, std::string, int>, std::uint64_t> requests_;
    std::map<std::pair<std::string, std::string>, Durations> durations_;
    std::map<std::string, std::uint64_t> events_;             // by type
    std::map<std::string, std::uint64_t> finished_commands_;  // by state
    // The families whose cost grows with the hosts, and when and how long they were counted.
    mutable std::string counted_;
    mutable std::uint64_t counted_ns_ = 0;
    mutable std::uint64_t counting_ns_ = 0;
};

}  // namespace evenkeel::api
