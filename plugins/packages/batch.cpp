#include "plugins/packages/batch.hpp"

#include <functional>
#include <utility>

namespace evenkeel::packages {

namespace {

using Members = std::vector<Planned*>;

// Those concern all of a batch, not one of it.
bool ends_all(const sdk::Failure& failure) {
    return failure.status() == EK_E_BUSY || failure.status() == EK_E_CANCELLED ||
           failure.status() == EK_E_TIMEOUT;
}

// What keeps `work` from being done, if it is not of those that end all.
Outcome failure_of(const std::function<void()>& work) {
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
    for (const Planned* each : members) steps.push_back(*each->step);
    return steps;
}

Members with_step(std::vector<Planned>& batch) {
    Members members;
    for (Planned& each : batch)
        if (!each.failure && each.step) members.push_back(&each);
    return members;
}

// Leaves its failure in each that cannot be brought about, alone or with the others.
void rehearse(const sdk::Call& call, Backend& backend, std::vector<Planned>& batch) {
    Members members;
    for (Planned* each : with_step(batch))
        if (!each->step->heal) members.push_back(each);
    const auto rehearsed = [&](const Members& some) {
        return failure_of([&] { backend.rehearse(call, steps_of(some)); });
    };
    if (members.empty() || !rehearsed(members)) return;
    Members sound, other;
    for (Planned* each : members) {
        each->failure = rehearsed({each});
        (each->failure ? other : sound).push_back(each);
    }
    // What needs another one of the batch fails only alone.
    for (Planned* each : other) {
        Members more = sound;
        more.push_back(each);
        if (more.size() == 1 || rehearsed(more)) continue;
        each->failure.reset();
        sound = std::move(more);
    }
}

void carry_out_steps(const sdk::Call& call, Backend& backend, std::vector<Planned>& batch) {
    const Members members = with_step(batch);
    if (members.empty()) return;
    const auto run = [&](const Members& some) {
        std::vector<Outcome> outcomes;
        const Outcome of_all =
            failure_of([&] { outcomes = backend.carry_out(call, steps_of(some)); });
        for (std::size_t at = 0; at < some.size(); ++at)
            some[at]->failure = of_all ? of_all : outcomes[at];
    };
    run(members);
    if (members.size() == 1) return;
    // One that cannot be done has kept others from it: each by itself shows which.
    for (Planned* each : members)
        if (each->failure && !came_about(backend.find(each->id), *each->step)) run({each});
}

void carry_out_holds(const sdk::Call& call, Backend& backend, std::vector<Planned>& batch) {
    for (const bool hold : {true, false}) {
        Members members;
        std::vector<std::string> ids;
        for (Planned& each : batch) {
            if (each.failure || each.hold != hold) continue;
            members.push_back(&each);
            ids.push_back(each.id);
        }
        if (!failure_of([&] { set_holds(call, backend, ids, hold); })) continue;
        for (Planned* each : members)
            each->failure = failure_of([&] { set_holds(call, backend, {each->id}, hold); });
    }
}

}  // namespace

std::vector<Planned> plan_batch(const sdk::Call& call, Backend& backend,
                                const std::vector<sdk::Entry>& entries) {
    std::vector<std::string> ids;
    for (const sdk::Entry& entry : entries)
        if (entry.desired) ids.push_back(entry.id);
    // One question for all of them; each then asks again and hears what it has.
    failure_of([&] { backend.available(call, ids); });
    std::vector<Planned> batch;
    for (const sdk::Entry& entry : entries) {
        call.about(entry.id);
        Planned planned{entry.id, {}, {}, {}, {}};
        const Outcome failure = failure_of([&] {
            planned = entry.desired ? plan_present(call, backend, entry.id, *entry.desired)
                                    : plan_absent(backend, entry.id);
        });
        planned.failure = failure;
        batch.push_back(std::move(planned));
    }
    rehearse(call, backend, batch);
    for (Planned& planned : batch)
        if (planned.failure) planned.changes = sdk::Changes();
    return batch;
}

void carry_out_batch(const sdk::Call& call, Backend& backend, std::vector<Planned>& batch) {
    carry_out_steps(call, backend, batch);
    for (Planned& each : batch)
        if (!each.failure)
            for (const char* path : {"/ensure", "/condition", "/version"}) each.changes.done(path);
    carry_out_holds(call, backend, batch);
}

}  // namespace evenkeel::packages
