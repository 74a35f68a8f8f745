#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

#include <sys/resource.h>
#include <unistd.h>

#include "agent.hpp"
#include "core/base/time.hpp"
#include "core/json/json.hpp"

namespace evenkeel::herd {
namespace {

std::uint64_t in_ms(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec * 1'000 + time.tv_usec / 1'000);
}

// {"1":990,"2":10}: how many agents needed so many tries.
json::Value histogram(const std::map<std::uint32_t, std::uint64_t>& tries) {
    json::Object shown;
    for (const auto& [count, agents] : tries) shown.set(std::to_string(count), agents);
    return shown;
}

// In milliseconds after the mark; null while fewer agents are online.
json::Value quantile(const std::vector<std::uint64_t>& sorted, std::size_t all, double part) {
    const auto at = static_cast<std::size_t>(part * static_cast<double>(all - 1));
    return at < sorted.size() ? json::Value(sorted[at]) : json::Value();
}

}  // namespace

std::uint64_t own_cpu_ms() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return in_ms(used.ru_utime) + in_ms(used.ru_stime);
}

std::uint64_t own_rss_kib() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

Report::Report(const Herd& herd, const std::vector<std::unique_ptr<Agent>>& agents)
    : herd_(herd), agents_(agents) {
    mark();
}

void Report::mark() {
    mark_ns_ = now_monotonic_ns();
    cpu_ms_at_mark_ = own_cpu_ms();
    for (const auto& agent : agents_) agent->mark();
}

void Report::print(std::string_view event) const {
    std::map<std::uint32_t, std::uint64_t> tries;
    std::vector<std::uint64_t> online_ms;
    for (const auto& agent : agents_) {
        ++tries[agent->tries()];
        if (agent->online_ns() >= mark_ns_ && agent->is_online())
            online_ms.push_back((agent->online_ns() - mark_ns_) / 1'000'000);
    }
    std::sort(online_ms.begin(), online_ms.end());
    const Herd::Counts& counts = herd_.counts;
    const std::uint32_t most = tries.empty() ? 0 : tries.rbegin()->first;
    const json::Object line{{"event", event},
                            {"ms", (now_monotonic_ns() - mark_ns_) / 1'000'000},
                            {"online", counts.online},
                            {"online_ms_50", quantile(online_ms, agents_.size(), 0.5)},
                            {"online_ms_90", quantile(online_ms, agents_.size(), 0.9)},
                            {"online_ms_all", quantile(online_ms, agents_.size(), 1)},
                            {"tries_most", most},
                            {"tries", histogram(tries)},
                            {"refused", counts.refused},
                            {"ended_before_tls", counts.before_tls},
                            {"ended_in_tls", counts.in_tls},
                            {"ended_after_tls", counts.after_tls},
                            {"lost", counts.lost},
                            {"hellos", counts.hellos},
                            {"commands", counts.commands},
                            {"outcomes_accepted", counts.outcomes_accepted},
                            {"drifts_accepted", counts.drifts_accepted},
                            {"rejected", counts.rejected},
                            {"released", counts.released},
                            {"cpu_ms", own_cpu_ms()},
                            {"cpu_ms_since_mark", own_cpu_ms() - cpu_ms_at_mark_},
                            {"rss_kib", own_rss_kib()}};
    std::puts(json::write(line).c_str());
    std::fflush(stdout);
}

}  // namespace evenkeel::herd
