#include <atomic>
#include <map>
#include <set>
#include <thread>

#include <dlfcn.h>
#include <unistd.h>

#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/tools.hpp"
#include "sdk/tool/validate/watcher.hpp"

namespace evenkeel::validate {
namespace group_k {

// Throws Skipped unless the sanitizer is in this process, which it is from the start if the plugin
// was built with it (load_sanitizer_first). Its report ends the process.
void need_sanitizer(const char* symbol, const char* flag) {
    if (::dlsym(RTLD_DEFAULT, symbol) == nullptr)
        skip(std::string("it was not built with ") + flag);
}

void no_memory_errors(Bench& bench) {
    need_sanitizer("__asan_init", "-fsanitize=address,undefined");
    tour(bench);
}

void no_leaks(Bench& bench) {
    need_sanitizer("__lsan_do_recoverable_leak_check", "-fsanitize=address");
    using Check = int (*)();
    const auto leaks =
        reinterpret_cast<Check>(::dlsym(RTLD_DEFAULT, "__lsan_do_recoverable_leak_check"));
    tour(bench);
    demand(leaks() == 0, "it leaks memory, see what LeakSanitizer says");
}

// A watch is served on one thread while the instance works on another.
void watch_over_apply(Bench& bench) {
    bench.need(EK_CAP_WATCH | EK_CAP_APPLY | EK_CAP_REMOVE, "watch, apply and remove");
    const auto instance = bench.open();
    const std::string id = bench.samples().id(0);
    instance->clear(id);
    Watcher watcher(bench, *instance);
    watcher.interest(id);
    std::atomic<bool> over{false};
    std::thread reactor([&] {
        while (!over) watcher.run(20);
    });
    for (int i = 0; i < 20; ++i) {
        instance->must_apply(id, i % 2 == 0 ? bench.samples().first() : bench.samples().second());
        instance->state(id);
    }
    over = true;
    reactor.join();
    watcher.close();
    instance->must_remove(id);
}

void no_races(Bench& bench) {
    need_sanitizer("__tsan_init", "-fsanitize=thread");
    watch_over_apply(bench);
}

void inputs_read_only(Bench& bench) {
    bench.inputs_read_only = true;
    tour(bench);
}
void inputs_end(Bench& bench) {
    bench.inputs_end_at_guard = true;
    tour(bench);
}
void inputs_are_not_kept(Bench& bench) {
    bench.inputs_gone_later = true;
    tour(bench);
    tour(bench);
}

// How a callback can be used wrongly.
constexpr const char* kLate = "late";
constexpr const char* kForeign = "foreign";
constexpr const char* kStrange = "strange";

// By these words, the answers of the first call with such records; only the first check of a run
// has to make the calls.
json::Value wrong_callbacks(Bench& bench) {
    static constexpr const char* kWrong = "wrong-callbacks";
    if (json::Value before = bench.kept(kWrong); before.is_object()) return before;
    const auto instance = bench.open();
    const std::string id = bench.samples().id(0);
    std::vector<Told> all = {instance->read(bench.samples().absent_id())};
    if (bench.can(EK_CAP_APPLY | EK_CAP_REMOVE)) {
        instance->clear(id);
        all.push_back(instance->must_apply(id, bench.samples().first()));
        all.push_back(instance->read(id));
        if (bench.can(EK_CAP_PLAN)) all.push_back(instance->plan(id, bench.samples().second()));
        if (bench.can(EK_CAP_LIST)) all.push_back(instance->list());
        all.push_back(instance->remove(id));
    }
    ::usleep(100'000);
    json::Object wrong;
    for (const Told& told : all) {
        const std::map<const char*, int> times = {
            {kLate, told->late}, {kForeign, told->foreign}, {kStrange, told->strange}};
        for (const auto& [word, many] : times)
            if (many != 0 && !wrong.contains(word)) wrong.set(word, told->transcript());
    }
    bench.keep(kWrong, wrong);
    return wrong;
}

void demand_none(Bench& bench, const char* word, const char* what) {
    const json::Value wrong = wrong_callbacks(bench);
    demand(wrong.find(word) == nullptr, what, wrong.string_or(word));
}

void out_is_not_kept(Bench& bench) {
    demand_none(bench, kLate, "it uses a call's callbacks after the call has returned");
}

void callbacks_on_their_thread(Bench& bench) {
    demand_none(bench, kForeign, "it answers on another thread than the call's");
    if (!bench.can(EK_CAP_WATCH)) return;
    const auto instance = bench.open();
    Watcher watcher(bench, *instance);
    watcher.interest(bench.samples().id(0));
    watcher.run(300);
    demand(watcher.foreign == 0, "it calls the host's reactor from another thread");
}

void contexts_are_right(Bench& bench) {
    demand_none(bench, kStrange, "it calls a callback with another context than its own");
}

// Each thread reads its own resource and looks whether it gets it.
void parallel_holds(Bench& bench) {
    bench.need(EK_CAP_PARALLEL, "work in parallel");
    bench.need(EK_CAP_APPLY | EK_CAP_REMOVE, "apply and remove");
    constexpr std::size_t kThreads = 8;
    constexpr int kTimes = 50;
    const auto instance = bench.open();
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < kThreads; ++i) {
        const std::string id = bench.samples().id(i);
        instance->clear(id);
        instance->must_apply(id, i % 2 == 0 ? bench.samples().first() : bench.samples().second());
        expected.push_back(json::write(lasting(bench.samples().schema(), instance->state(id))));
    }
    std::vector<std::string> wrong(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            const std::string id = bench.samples().id(i), ids = ids_json({id});
            for (int k = 0; k < kTimes && wrong[i].empty(); ++k) {
                Answers told(Shape::plain, {});
                told.finish(bench.collection().read(instance->handle(), told.call(), borrow(ids)));
                const bool one = told.ok() && told.items.size() == 1 && told.items[0].id == id;
                const auto state = json::parse(one ? told.items[0].json.value_or("") : "");
                if (!state || json::write(lasting(bench.samples().schema(), *state)) != expected[i])
                    wrong[i] = id + "\n" + told.transcript();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < kThreads; ++i) instance->remove(bench.samples().id(i));
    for (const std::string& each : wrong)
        demand(each.empty(), "with 8 threads a read gets another state", each);
}

}  // namespace group_k

std::vector<Check> memory_checks() {
    using namespace group_k;
    constexpr auto kEach = Scope::collection;
    return {
        {"K01", "AddressSanitizer and UBSan find nothing", kEach, no_memory_errors},
        {"K02", "LeakSanitizer finds nothing", kEach, no_leaks},
        {"K03", "ThreadSanitizer finds nothing in a watch beside applies", kEach, no_races},
        {"K04", "inputs are not written", kEach, inputs_read_only},
        {"K05", "nothing is read behind an input", kEach, inputs_end},
        {"K06", "inputs are not kept after the call", kEach, inputs_are_not_kept},
        {"K07", "callbacks are not used after the call", kEach, out_is_not_kept},
        {"K08", "callbacks are used on their thread only", kEach, callbacks_on_their_thread},
        {"K09", "callbacks get their own context", kEach, contexts_are_right},
        {"K10", "what is said to be parallel holds with 8 threads", kEach, parallel_holds},
    };
}

}  // namespace evenkeel::validate
