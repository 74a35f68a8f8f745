#include <atomic>
#include <set>
#include <thread>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/elf_file.hpp"
#include "sdk/tool/validate/tools.hpp"
#include "sdk/tool/validate/watcher.hpp"

namespace evenkeel::validate {
namespace {

constexpr const char* kInside = "EK_VALIDATE_SANITIZED";

// The library of a sanitizer that the plugin was built with; throws Skipped without.
std::string sanitizer(Bench& bench, std::string_view library, const char* flag) {
    const auto file = read_elf(bench.file());
    if (file)
        for (const std::string& needed : file->needed)
            if (needed.starts_with(library)) return needed;
    skip(std::string("it was not built with ") + flag);
}

// This check again, in a program into which the sanitizer was loaded first.
void run_with(Bench& bench, const std::string& library, const char* id, const char* options) {
    std::vector<std::string> words = {"ek-plugin", "validate", bench.file(), "--only", id,
                                      "--in-process", "--settings", bench.options().settings,
                                      "--seed", std::to_string(bench.options().seed)};
    if (bench.options().scratch_machine) words.emplace_back("--scratch-machine");
    const ChildResult result = in_child([&]() -> std::string {
        const std::string log = bench.scratch() + "/report";
        ::setenv("LD_PRELOAD", library.c_str(), 1);
        ::setenv(kInside, "1", 1);
        for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"})
            ::setenv(name, options, 1);
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        ::execv("/proc/self/exe", argv.data());
        return "cannot run itself";
    });
    // The program was replaced, so nothing is returned; its exit status counts.
    demand(!result.returned && result.text == "exit 0",
           "the sanitizer reports, or the checks inside of it fail: " + result.text);
}

bool inside() {
    return ::getenv(kInside) != nullptr;
}

void each_tour(Bench& bench) {
    for (int i = 0; i < 2; ++i) tour(bench);
}

void no_memory_errors(Bench& bench) {
    if (inside()) return each_tour(bench);
    run_with(bench, sanitizer(bench, "libasan", "-fsanitize=address,undefined"), "K01",
             "detect_leaks=0:halt_on_error=1:exitcode=99");
}

void no_leaks(Bench& bench) {
    if (inside()) return each_tour(bench);
    run_with(bench, sanitizer(bench, "libasan", "-fsanitize=address"), "K02",
             "detect_leaks=1:exitcode=99:leak_check_at_exit=1");
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
    if (inside()) return watch_over_apply(bench);
    run_with(bench, sanitizer(bench, "libtsan", "-fsanitize=thread"), "K03",
             "halt_on_error=1:exitcode=99:report_thread_leaks=0");
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

// Every answer of the collection, so that what came at the wrong time or place is seen.
void visit_answers(Bench& bench, const std::function<void(const Answers&)>& visit) {
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
    for (const Told& told : all) visit(*told);
}

void out_is_not_kept(Bench& bench) {
    visit_answers(bench, [](const Answers& told) {
        demand(told.late == 0, "it uses a call's callbacks after the call has returned",
               told.transcript());
    });
}

void callbacks_on_their_thread(Bench& bench) {
    visit_answers(bench, [](const Answers& told) {
        demand(told.foreign == 0, "it answers on another thread than the call's",
               told.transcript());
    });
    if (!bench.can(EK_CAP_WATCH)) return;
    const auto instance = bench.open();
    Watcher watcher(bench, *instance);
    watcher.interest(bench.samples().id(0));
    watcher.run(300);
    demand(watcher.foreign == 0, "it calls the host's reactor from another thread");
}

void contexts_are_right(Bench& bench) {
    visit_answers(bench, [](const Answers& told) {
        demand(told.strange == 0, "it calls a callback with another context than its own",
               told.transcript());
    });
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
        expected.push_back(
            json::write(lasting(bench.samples().schema(), instance->state(id))));
    }
    std::vector<std::string> wrong(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            const std::string id = bench.samples().id(i), ids = ids_json({id});
            for (int k = 0; k < kTimes && wrong[i].empty(); ++k) {
                Answers told(Shape::plain, {});
                told.finish(bench.collection().read(instance->handle(), told.call(), borrowed(ids)));
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

}  // namespace

std::vector<Check> memory_checks() {
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
