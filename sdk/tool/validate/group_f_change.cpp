#include <set>

#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/group_f.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_f {

// The descriptions that are applied one after the other, each on what the last one left.
std::vector<json::Value> steps(Bench& bench) {
    return {bench.samples().first(), bench.samples().second(), bench.samples().first()};
}

void plan_changes_nothing(Bench& bench) {
    bench.need(EK_CAP_PLAN, "plan");
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        const auto files = tree(bench.scratch());
        const json::Value before = lasting(bench.samples().schema(), subject.state());
        subject.plan(description);
        const std::string changed = difference_of(files, tree(bench.scratch()));
        demand(changed.empty(), "a plan writes: " + changed);
        demand(lasting(bench.samples().schema(), subject.state()) == before,
               "a plan changes the state of " + subject.id);
        subject.apply(description);
    }
}

void plan_of_satisfied_is_empty(Bench& bench) {
    bench.need(EK_CAP_PLAN, "plan");
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        subject.apply(description);
        const Told told = subject.plan(description);
        demand(told->changes.empty(), "a plan finds something to do where all is as described",
               told->transcript());
    }
}

std::multiset<std::string> changes_of(const Answers& told) {
    std::multiset<std::string> all;
    for (const Change& each : told.changes)
        all.insert(each.path + " " + std::to_string(each.action) + " " + each.before.value_or("-") +
                   " -> " + each.after.value_or("-"));
    return all;
}

void applied_is_planned(Bench& bench) {
    bench.need(EK_CAP_PLAN, "plan");
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        const Told planned = subject.plan(description), done = subject.apply(description);
        demand(changes_of(*planned) == changes_of(*done),
               "what apply changes is not what the plan said",
               planned->transcript() + "\n" + done->transcript());
        for (const Change& change : planned->changes)
            demand(change.outcome == EK_OUT_PLANNED, "a planned change is not marked as planned",
                   planned->transcript());
        for (const Change& change : done->changes)
            demand(change.outcome == EK_OUT_DONE, "a change that was made is not marked as done",
                   done->transcript());
    }
}

void paths_exist(Bench& bench) {
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        const Told told = subject.apply(description);
        for (const Change& change : told->changes)
            demand(change.path == "/ensure" || bench.samples().fields().at(change.path) != nullptr,
                   "a change's path " + change.path + " is not in the schema", told->transcript());
    }
}

// Whether a change's values can be found in states as they are.
bool is_plain(const schema::Field* field, const Change& change) {
    return field != nullptr && field->alias.empty() && !field->property.write_only &&
           !field->property.read_only && field->property.compare != schema::Comparison::digest &&
           field->property.compare != schema::Comparison::changing &&
           change.path == "/" + field->name;
}

void before_is_prior(Bench& bench) {
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        const json::Value before = subject.state();
        const Told told = subject.apply(description);
        for (const Change& change : told->changes) {
            const auto* field = bench.samples().fields().at(change.path);
            if (!is_plain(field, change) || !change.before || before.is_null()) continue;
            demand(same(*field, *json::parse(*change.before), before[field->name]),
                   change.path + " was not what the change says before, but " +
                       json::write(before[field->name]),
                   told->transcript());
        }
    }
}

void after_is_later(Bench& bench) {
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        const Told told = subject.apply(description);
        const json::Value after = subject.state();
        for (const Change& change : told->changes) {
            const auto* field = bench.samples().fields().at(change.path);
            if (!is_plain(field, change) || !change.after) continue;
            demand(same(*field, *json::parse(*change.after), after[field->name]),
                   change.path + " is not what the change says after, but " +
                       json::write(after[field->name]),
                   told->transcript());
        }
    }
}

void one_state(Bench& bench) {
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        if (bench.can(EK_CAP_PLAN)) {
            const Told planned = subject.plan(description);
            demand(planned->states.empty(), "a plan sends a state", planned->transcript());
        }
        const Told told = subject.apply(description);
        demand(told->states.size() == 1, "apply does not send one state", told->transcript());
    }
}

void state_is_read(Bench& bench) {
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        const Told told = subject.apply(description);
        if (told->states.empty()) skip("apply sends no state");
        auto state = json::parse(told->states[0]);
        demand(state.has_value(), "the state is not JSON", told->transcript());
        const schema::Schema& schema = bench.samples().schema();
        const json::Value read = lasting(schema, subject.state());
        demand(lasting(schema, std::move(*state)) == read,
               "the state that apply sends is not what is read afterwards: " + json::write(read),
               told->transcript());
    }
}

void second_apply_is_empty(Bench& bench) {
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        subject.apply(description);
        const Told told = subject.apply(description);
        demand(told->changes.empty(), "a second apply of the same finds something to do",
               told->transcript());
    }
}

void second_apply_writes_nothing(Bench& bench) {
    Subject subject(bench);
    for (const json::Value& description : steps(bench)) {
        subject.apply(description);
        const auto files = tree(bench.scratch());
        subject.apply(description);
        const std::string changed = difference_of(files, tree(bench.scratch()));
        demand(changed.empty(), "a second apply of the same writes: " + changed);
    }
}

void removed_is_gone(Bench& bench) {
    bench.need(EK_CAP_REMOVE, "remove");
    Subject subject(bench);
    subject.apply(bench.samples().first());
    const Told told = subject.instance().remove(subject.id);
    demand(told->ok(), "remove fails", told->transcript());
    demand(!told->changes.empty() && told->changes[0].path == "/ensure",
           "remove does not report the change of /ensure", told->transcript());
    const Told read = subject.instance().read(subject.id);
    demand(read->status == EK_E_NOT_FOUND, "after remove it is still read", read->transcript());
}

void second_remove_is_empty(Bench& bench) {
    bench.need(EK_CAP_REMOVE, "remove");
    Subject subject(bench);
    subject.apply(bench.samples().first());
    subject.instance().must_remove(subject.id);
    const Told told = subject.instance().remove(subject.id);
    demand(told->ok() && told->changes.empty(), "a second remove is not EK_OK without changes",
           told->transcript());
}

void remove_plan_changes_nothing(Bench& bench) {
    bench.need(EK_CAP_REMOVE | EK_CAP_PLAN, "plan a remove");
    Subject subject(bench);
    subject.apply(bench.samples().first());
    const auto files = tree(bench.scratch());
    const Told told = subject.instance().remove(subject.id, {.flags = EK_CALL_DRY_RUN});
    demand(told->ok() && !told->changes.empty() && told->changes[0].outcome == EK_OUT_PLANNED,
           "the plan of a remove does not say what would be done", told->transcript());
    const std::string changed = difference_of(files, tree(bench.scratch()));
    demand(changed.empty(), "the plan of a remove writes: " + changed);
    demand(!subject.state().is_null(), "the plan of a remove removes", told->transcript());
}

}  // namespace group_f

std::vector<Check> change_checks() {
    using namespace group_f;
    constexpr auto kEach = Scope::collection;
    return {
        {"F01", "a plan changes nothing", kEach, plan_changes_nothing},
        {"F02", "a plan is empty where all is as described", kEach, plan_of_satisfied_is_empty},
        {"F03", "apply makes the changes that were planned", kEach, applied_is_planned},
        {"F04", "paths of changes are in the schema", kEach, paths_exist},
        {"F05", "the value before is what was read before", kEach, before_is_prior},
        {"F06", "the value after is what is read afterwards", kEach, after_is_later},
        {"F07", "apply sends one state, a plan none", kEach, one_state},
        {"F08", "this state is what is read afterwards", kEach, state_is_read},
        {"F09", "a second apply has no changes", kEach, second_apply_is_empty},
        {"F10", "a second apply writes nothing", kEach, second_apply_writes_nothing},
        {"F11", "what a description leaves out stays as it is", kEach, omitted_stays},
        {"F12", "what is readOnly cannot be set", kEach, read_only_cannot_be_set},
        {"F13", "what the schema does not have comes to nothing", kEach,
         unknown_property_is_no_state},
        {"F14", "each property can be described alone", kEach, each_property_alone},
        {"F15", "after remove it is not found", kEach, removed_is_gone},
        {"F16", "a second remove is EK_OK without changes", kEach, second_remove_is_empty},
        {"F17", "the plan of a remove changes nothing", kEach, remove_plan_changes_nothing},
        {"F18", "secrets stand in no sentence, log or change in the clear", kEach,
         secrets_stay_secret},
    };
}

}  // namespace evenkeel::validate
