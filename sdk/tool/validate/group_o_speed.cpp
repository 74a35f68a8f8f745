#include <algorithm>

#include "core/base/time.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/process_state.hpp"
#include "sdk/tool/validate/tools.hpp"
#include "sdk/tool/validate/watcher.hpp"

namespace evenkeel::validate {
namespace group_o {

double milliseconds(const std::function<void()>& work) {
    const std::uint64_t before = now_monotonic_ns();
    work();
    return static_cast<double>(now_monotonic_ns() - before) / 1'000'000;
}
void at_most(double took, double most, const char* what) {
    demand(took <= most, std::string(what) + " takes " + std::to_string(static_cast<int>(took)) +
                             " ms, more than " + std::to_string(static_cast<int>(most)));
}

void loads_soon(Bench& bench) {
    at_most(milliseconds([&] { bench.module(); }), 20, "to load it and ask for its module");
}
void opens_soon(Bench& bench) {
    at_most(milliseconds([&] { bench.open(); }), 1000, "open");
}
void reads_soon(Bench& bench) {
    const auto instance = bench.open();
    const std::string id = bench.samples().absent_id();
    double best = 1e9;
    for (int i = 0; i < 3; ++i) best = std::min(best, milliseconds([&] { instance->read(id); }));
    at_most(best, 50, "read");
}
void lists_fast(Bench& bench) {
    bench.need(EK_CAP_LIST | EK_CAP_APPLY | EK_CAP_REMOVE, "list, apply and remove");
    if (!bench.samples().settings().many) skip("the settings say that not many can be made");
    constexpr std::size_t kMany = 200;
    const auto instance = bench.open();
    need_pace(bench, *instance, kMany, 5);
    for (std::size_t i = 0; i < kMany; ++i)
        instance->must_apply(bench.samples().id(i), bench.samples().first());
    double best = 1e9;
    for (int i = 0; i < 3; ++i) best = std::min(best, milliseconds([&] { instance->list(); }));
    for (std::size_t i = 0; i < kMany; ++i) instance->remove(bench.samples().id(i));
    at_most(best, static_cast<double>(kMany), "to list 200 resources");
}
void wakes_shortly(Bench& bench) {
    bench.need(EK_CAP_WATCH | EK_CAP_APPLY | EK_CAP_REMOVE, "watch, apply and remove");
    const auto instance = bench.open();
    const std::string id = bench.samples().id(0);
    instance->clear(id);
    std::uint64_t best = UINT64_MAX;
    for (int i = 0; i < 3; ++i) {
        Watcher watcher(bench, *instance);
        watcher.interest(id);
        watcher.run(100);
        watcher.longest_ready_ns = 0;
        instance->must_apply(id, i % 2 == 0 ? bench.samples().first() : bench.samples().second());
        watcher.run(100);
        best = std::min(best, watcher.longest_ready_ns);
    }
    instance->must_remove(id);
    at_most(static_cast<double>(best) / 1'000'000, 1, "watch_ready");
}
void rests_lightly(Bench& bench) {
    bench.samples();
    const std::size_t before = resident_bytes();
    const auto instance = bench.open();
    std::unique_ptr<Watcher> watcher;
    if (bench.can(EK_CAP_WATCH)) watcher = std::make_unique<Watcher>(bench, *instance);
    if (watcher) watcher->run(500);
    if (watcher) watcher->wakes = 0;
    if (watcher) watcher->run(1000);
    const std::size_t after = resident_bytes();
    demand(after <= before + (8u << 20),
           "an idle instance has " + std::to_string((after - before) >> 20) + " MiB");
    demand(!watcher || watcher->wakes == 0, "an idle watch wakes");
}

}  // namespace group_o

std::vector<Check> speed_checks() {
    using namespace group_o;
    constexpr auto kEach = Scope::collection, kModule = Scope::module;
    constexpr auto kWarn = Weight::warning;
    return {
        {"O01", "it is loaded within 20 ms", kModule, loads_soon, kWarn},
        {"O02", "it opens within 1 s", kEach, opens_soon, kWarn},
        {"O03", "it reads within 50 ms", kEach, reads_soon, kWarn},
        {"O04", "it lists 1,000 a second", kEach, lists_fast, kWarn},
        {"O05", "watch_ready returns within 1 ms", kEach, wakes_shortly, kWarn},
        {"O06", "idle it takes no more than 8 MiB, and does not wake", kEach, rests_lightly, kWarn},
    };
}

}  // namespace evenkeel::validate
