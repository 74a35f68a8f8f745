#include "plugins/packages/batch.hpp"

#include <functional>
#include <utility>

namespace evenkeel::packages {

namespace {

using Members = std::vector<PackagePlan*>;

// These concern the whole batch, not one of it.
bool ends_all(const sdk::Failure& failure) {
    return failure.status() == EK_E_BUSY || failure.status() == EK_E_CANCELLED ||
           failure.status() == EK_E_TIMEOUT;
}

// The failure of `work`; one that ends all is thrown on.
StepError failure_of(const std::function<void()>& work) {
    try {
        work();
        return std::nullopt;
    } catch (const sdk::Failure& failure) {
        if (ends_all(failure)) throw;
        return failure;
    }
}

std::vector<Step> steps_of(const Members& members) {
    std::vector<Step> steps;
    for (const PackagePlan* each : members) steps.push_back(*each->step);
    return steps;
}

Members with_step(std::vector<PackagePlan>& batch) {
    Members members;
    for (PackagePlan& each : batch)
        if (!each.failure && each.step) members.push_back(&each);
    return members;
}

// Stores the failure in each that cannot be applied, alone or with the others.
void simulate(const sdk::Call& call, Backend& backend, std::vector<PackagePlan>& batch) {
    Members members;
    for (PackagePlan* each : with_step(batch))
        if (!each->step->repair) members.push_back(each);
    const auto simulation_error = [&](const Members& some) {
        return failure_of([&] { backend.simulate(call, steps_of(some)); });
    };
    if (members.empty() || !simulation_error(members)) return;
    Members sound, other;
    for (PackagePlan* each : members) {
        each->failure = simulation_error({each});
        (each->failure ? other : sound).push_back(each);
    }
    // One that requires another of the batch fails only alone.
    for (PackagePlan* each : other) {
        Members more = sound;
        more.push_back(each);
        if (more.size() == 1 || simulation_error(more)) continue;
        each->failure.reset();
        sound = std::move(more);
    }
}

void apply_steps(const sdk::Call& call, Backend& backend, std::vector<PackagePlan>& batch) {
    const Members members = with_step(batch);
    if (members.empty()) return;
    const auto run = [&](const Members& some) {
        std::vector<StepError> errors;
        const StepError of_all = failure_of([&] { errors = backend.apply(call, steps_of(some)); });
        for (std::size_t at = 0; at < some.size(); ++at)
            some[at]->failure = of_all ? of_all : errors[at];
    };
    run(members);
    if (members.size() == 1) return;
    // One that fails makes the others fail with it: each by itself shows which it is.
    for (PackagePlan* each : members)
        if (each->failure && !is_done(backend.find(each->id), *each->step)) run({each});
}

// Marks the selected ones at once, or one by one where that fails.
void mark(std::vector<PackagePlan>& batch, const std::function<bool(const PackagePlan&)>& selects,
          const std::function<void(const std::vector<std::string>&)>& marks) {
    Members members;
    std::vector<std::string> ids;
    for (PackagePlan& each : batch) {
        if (each.failure || !selects(each)) continue;
        members.push_back(&each);
        ids.push_back(each.id);
    }
    if (!failure_of([&] { marks(ids); })) return;
    for (PackagePlan* each : members) each->failure = failure_of([&] { marks({each->id}); });
}

void apply_manual(const sdk::Call& call, Backend& backend, std::vector<PackagePlan>& batch) {
    mark(
        batch, [](const PackagePlan& each) { return each.manual; },
        [&](const std::vector<std::string>& ids) { set_manual(call, backend, ids); });
    for (PackagePlan& each : batch)
        if (!each.failure) each.changes.done("/automatic");
}

void apply_holds(const sdk::Call& call, Backend& backend, std::vector<PackagePlan>& batch) {
    for (const bool hold : {true, false})
        mark(
            batch, [hold](const PackagePlan& each) { return each.hold == hold; },
            [&](const std::vector<std::string>& ids) { set_holds(call, backend, ids, hold); });
}

}  // namespace

std::vector<PackagePlan> plan_batch(const sdk::Call& call, Backend& backend,
                                    const std::vector<sdk::Entry>& entries) {
    std::vector<std::string> ids;
    for (const sdk::Entry& entry : entries)
        if (entry.desired) ids.push_back(entry.id);
    // One query for all of them; each then finds its answer cached.
    failure_of([&] { backend.available(call, ids); });
    std::vector<PackagePlan> batch;
    for (const sdk::Entry& entry : entries) {
        call.about(entry.id);
        PackagePlan planned{entry.id, {}, {}, {}, {}, {}};
        const StepError failure = failure_of([&] {
            planned = entry.desired ? plan_present(call, backend, entry.id, *entry.desired)
                                    : plan_absent(backend, entry.id);
        });
        planned.failure = failure;
        batch.push_back(std::move(planned));
    }
    simulate(call, backend, batch);
    for (PackagePlan& planned : batch)
        if (planned.failure) planned.changes = sdk::Changes();
    return batch;
}

void apply_batch(const sdk::Call& call, Backend& backend, std::vector<PackagePlan>& batch) {
    apply_steps(call, backend, batch);
    for (PackagePlan& each : batch)
        if (!each.failure)
            for (const char* path : {"/ensure", "/condition", "/version"}) each.changes.done(path);
    apply_manual(call, backend, batch);
    apply_holds(call, backend, batch);
}

}  // namespace evenkeel::packages
