#include <set>
#include <thread>

#include <unistd.h>

#include "core/base/time.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/process_state.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_i {

class Subject {
  public:
    explicit Subject(Bench& bench) : bench_(bench) {
        bench.need(EK_CAP_APPLY | EK_CAP_REMOVE, "apply and remove");
        instance = bench.open();
        id = bench.samples().id(0);
        instance->clear(id);
        instance->must_apply(id, bench.samples().first());
    }
    ~Subject() { instance->remove(id); }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    json::Value state() { return lasting(bench_.samples().schema(), instance->state(id)); }
    // What a call of `description` has reported as done has to be so, and nothing else.
    void demand_honest(const Answers& told, const json::Value& description,
                       const json::Value& before) {
        std::set<std::string> done;
        for (const Change& change : told.changes)
            if (change.outcome == EK_OUT_DONE) done.insert(change.path);
        const json::Value after = state();
        std::set<std::string> differs;
        for (const std::string& path : differing_paths(bench_, *instance, description, after))
            differs.insert(path);
        for (const std::string& path : done)
            demand(differs.count(path) == 0, "it reports " + path + " as done, and it is not so",
                   told.transcript());
        if (done.empty())
            demand(before == after, "it reports nothing as done, and the state has changed",
                   told.transcript() + "\n" + json::write(after));
    }

    std::unique_ptr<Instance> instance;
    std::string id;

  private:
    Bench& bench_;
};

void cancelled_before(Bench& bench) {
    Subject subject(bench);
    const json::Value before = subject.state();
    const Told told =
        subject.instance->apply(subject.id, bench.samples().second(), {.cancelled = true});
    demand(told->status == EK_E_CANCELLED, "an apply that is cancelled already goes on",
           told->transcript());
    demand(subject.state() == before, "an apply that is cancelled already changes something",
           told->transcript());
    if (!bench.can(EK_CAP_LIST)) return;
    const Told list = subject.instance->list({}, {.cancelled = true});
    demand(list->status == EK_E_CANCELLED || list->status == EK_E_UNSUPPORTED,
           "a list that is cancelled already goes on", list->transcript());
}

void cancelled_mid_list(Bench& bench) {
    bench.need(EK_CAP_LIST, "list");
    Subject subject(bench);
    std::vector<std::string> ids;
    for (std::size_t i = 1; i < 4; ++i) {
        ids.push_back(bench.samples().id(i));
        subject.instance->must_apply(ids.back(), bench.samples().first());
    }
    // At its second item: before that it may have asked whether it is cancelled any number of
    // times.
    const Told probe = subject.instance->list();
    const Told told = subject.instance->list({}, {.cancel_at = probe->signs / 2 + 1});
    for (const std::string& id : ids) subject.instance->remove(id);
    if (probe->status == EK_E_UNSUPPORTED) skip("there are too many to list");
    // From another process all may be under way already.
    if (bench.is_isolated && told->ok()) return;
    demand(told->status == EK_E_CANCELLED, "a list that is cancelled in the middle goes on",
           told->transcript());
    demand(told->items.size() < probe->items.size(),
           "a list that is cancelled in the middle sends all items", told->transcript());
}

void cancelled_mid_apply(Bench& bench) {
    Subject subject(bench);
    const auto& samples = bench.samples();
    for (int at = 1; at <= 8; ++at) {
        subject.instance->must_apply(subject.id, samples.first());
        const json::Value before = subject.state();
        const Told told = subject.instance->apply(subject.id, samples.second(), {.cancel_at = at});
        subject.demand_honest(*told, samples.second(), before);
        if (told->signs < at) break;
    }
}

// A description whose apply takes a while, from the settings.
const json::Value& slow(Bench& bench) {
    const json::Value& description = bench.samples().settings().slow;
    if (description.is_null())
        skip("the settings name no description (slow) whose apply takes a while");
    return description;
}

// Applies it and cancels after 300 ms.
Told cancelled_slowly(Bench& bench, Subject& subject, std::uint64_t* after_ns) {
    const Told told = bench.answers({});
    std::uint64_t cancelled_ns = 0;
    std::thread canceller([&] {
        ::usleep(300'000);
        cancelled_ns = now_monotonic_ns();
        told->cancel();
    });
    const std::string description = json::write(slow(bench));
    told->finish(bench.collection().apply(subject.instance->handle(), told->call(),
                                          borrow(subject.id), borrow(description)));
    const std::uint64_t end = now_monotonic_ns();
    canceller.join();
    if (cancelled_ns > end) skip("the slow description takes less than 300 ms");
    *after_ns = end - cancelled_ns;
    return told;
}

void children_are_killed(Bench& bench) {
    slow(bench);
    Subject subject(bench);
    // The process of an isolated plugin is one of them.
    const auto before = children(bench.stranger().pid());
    std::uint64_t after_ns = 0;
    const Told told = cancelled_slowly(bench, subject, &after_ns);
    auto left = children(bench.stranger().pid());
    for (const pid_t pid : before) left.erase(pid);
    demand(left.empty(),
           "after a cancelled apply " + std::to_string(left.size()) + " of its processes are left",
           told->transcript());
}

void returns_soon(Bench& bench) {
    slow(bench);
    Subject subject(bench);
    std::uint64_t after_ns = 0;
    const Told told = cancelled_slowly(bench, subject, &after_ns);
    demand(after_ns < 2'000'000'000,
           "it returns " + std::to_string(after_ns / 1'000'000) + " ms after it was cancelled",
           told->transcript());
}

void past_deadline(Bench& bench) {
    Subject subject(bench);
    const json::Value before = subject.state();
    const Told told = subject.instance->apply(subject.id, bench.samples().second(), {.seconds = 0});
    demand(told->status == EK_E_TIMEOUT, "an apply whose deadline has passed goes on",
           told->transcript());
    demand(subject.state() == before, "an apply whose deadline has passed changes something",
           told->transcript());
}

void deadline_mid_apply(Bench& bench) {
    Subject subject(bench);
    const json::Value before = subject.state();
    const Told told =
        subject.instance->apply(subject.id, slow(bench), {.seconds = 0, .milliseconds = 300});
    const bool honest = told->ok() || told->status == EK_E_PARTIAL || told->status == EK_E_TIMEOUT;
    demand(honest, "an apply over its deadline is not done, EK_E_PARTIAL or EK_E_TIMEOUT",
           told->transcript());
    demand(told->took_ns < 2'300'000'000, "an apply goes on 2 s after its deadline",
           told->transcript());
    subject.demand_honest(*told, slow(bench), before);
}

void usable_afterwards(Bench& bench) {
    Subject subject(bench);
    const auto& samples = bench.samples();
    subject.instance->apply(subject.id, samples.second(), {.cancelled = true});
    subject.instance->apply(subject.id, samples.second(), {.seconds = 0});
    subject.instance->read(subject.id, {.cancelled = true});
    subject.instance->must_apply(subject.id, samples.second());
    const auto paths = differing_paths(bench, *subject.instance, samples.second(), subject.state());
    demand(paths.empty(), "after cancelled calls, an apply does not do its work");
}

}  // namespace group_i

std::vector<Check> cancel_checks() {
    using namespace group_i;
    constexpr auto kEach = Scope::collection;
    return {
        {"I01", "a call that is cancelled already does nothing", kEach, cancelled_before},
        {"I02", "a list that is cancelled stops", kEach, cancelled_mid_list},
        {"I03", "a cancelled apply reports what it has done", kEach, cancelled_mid_apply},
        {"I04", "a cancelled apply leaves no process", kEach, children_are_killed},
        {"I05", "a cancelled apply returns within 2 s", kEach, returns_soon},
        {"I06", "a call past its deadline is EK_E_TIMEOUT", kEach, past_deadline},
        {"I07", "an apply over its deadline reports what it has done", kEach, deadline_mid_apply},
        {"I08", "after that, calls work again", kEach, usable_afterwards},
    };
}

}  // namespace evenkeel::validate
