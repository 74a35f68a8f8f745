#include <array>
#include <cstddef>
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

// A description applied to what the last one has left, and what was seen of it.
struct Step {
    json::Value before, after_plan, after;          // states
    Told planned, done, planned_again, done_again;  // no plans where the collection cannot plan
    std::string plan_wrote, again_wrote;            // what differs in the scratch folder, or empty
};

Step take(Bench& bench, Subject& subject, const json::Value& description) {
    Step step;
    const bool plans = bench.can(EK_CAP_PLAN);
    step.before = subject.state();
    auto files = tree(bench.scratch());
    if (plans) step.planned = subject.plan(description);
    step.plan_wrote = difference_of(files, tree(bench.scratch()));
    step.after_plan = subject.state();
    step.done = subject.apply(description);
    step.after = subject.state();
    if (plans) step.planned_again = subject.plan(description);
    files = tree(bench.scratch());
    step.done_again = subject.apply(description);
    step.again_wrote = difference_of(files, tree(bench.scratch()));
    return step;
}

void plan_changes_nothing(Bench& bench, const Step& step) {
    demand(step.plan_wrote.empty(), "a plan writes: " + step.plan_wrote);
    const schema::Schema& schema = bench.samples().schema();
    demand(lasting(schema, step.before) == lasting(schema, step.after_plan),
           "a plan changes the state", step.planned->transcript());
}

void plan_of_satisfied_is_empty(Bench&, const Step& step) {
    demand(step.planned_again->changes.empty(),
           "a plan finds something to do where all is as described",
           step.planned_again->transcript());
}

std::multiset<std::string> changes_of(const Answers& told) {
    std::multiset<std::string> all;
    for (const Change& each : told.changes)
        all.insert(each.path + " " + std::to_string(each.action) + " " + each.before.value_or("-") +
                   " -> " + each.after.value_or("-"));
    return all;
}

void applied_is_planned(Bench&, const Step& step) {
    const Told &planned = step.planned, &done = step.done;
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

void paths_exist(Bench& bench, const Step& step) {
    for (const Change& change : step.done->changes)
        demand(change.path == "/ensure" || bench.samples().fields().at(change.path) != nullptr,
               "a change's path " + change.path + " is not in the schema", step.done->transcript());
}

// Whether a change's values can be found in states as they are.
bool is_plain(const schema::Field* field, const Change& change) {
    return field != nullptr && field->alias.empty() && !field->property.write_only &&
           !field->property.read_only && field->property.compare != schema::Comparison::digest &&
           field->property.compare != schema::Comparison::changing &&
           change.path == "/" + field->name;
}

void before_is_prior(Bench& bench, const Step& step) {
    for (const Change& change : step.done->changes) {
        const auto* field = bench.samples().fields().at(change.path);
        if (!is_plain(field, change) || !change.before || step.before.is_null()) continue;
        const json::Value& prior = step.before[field->name];
        demand(same(*field, *json::parse(*change.before), prior),
               change.path + " was not what the change says before, but " + json::write(prior),
               step.done->transcript());
    }
}

void after_is_later(Bench& bench, const Step& step) {
    for (const Change& change : step.done->changes) {
        const auto* field = bench.samples().fields().at(change.path);
        if (!is_plain(field, change) || !change.after) continue;
        const json::Value& later = step.after[field->name];
        demand(same(*field, *json::parse(*change.after), later),
               change.path + " is not what the change says after, but " + json::write(later),
               step.done->transcript());
    }
}

void one_state(Bench&, const Step& step) {
    demand(step.planned == nullptr || step.planned->states.empty(), "a plan sends a state",
           step.planned != nullptr ? step.planned->transcript() : std::string());
    demand(step.done->states.size() == 1, "apply does not send one state", step.done->transcript());
}

void state_is_read(Bench& bench, const Step& step) {
    if (step.done->states.empty()) skip("apply sends no state");
    auto state = json::parse(step.done->states[0]);
    demand(state.has_value(), "the state is not JSON", step.done->transcript());
    const schema::Schema& schema = bench.samples().schema();
    const json::Value read = lasting(schema, step.after);
    demand(lasting(schema, std::move(*state)) == read,
           "the state that apply sends is not what is read afterwards: " + json::write(read),
           step.done->transcript());
}

void second_apply_is_empty(Bench&, const Step& step) {
    demand(step.done_again->changes.empty(), "a second apply of the same finds something to do",
           step.done_again->transcript());
}

void second_apply_writes_nothing(Bench&, const Step& step) {
    demand(step.again_wrote.empty(), "a second apply of the same writes: " + step.again_wrote);
}

struct Judgement {
    const char* check;
    void (*judge)(Bench& bench, const Step& step);
    bool needs_plan = false;
};
constexpr std::array<Judgement, 10> kJudgements = {{{"F01", plan_changes_nothing, true},
                                                    {"F02", plan_of_satisfied_is_empty, true},
                                                    {"F03", applied_is_planned, true},
                                                    {"F04", paths_exist},
                                                    {"F05", before_is_prior},
                                                    {"F06", after_is_later},
                                                    {"F07", one_state},
                                                    {"F08", state_is_read},
                                                    {"F09", second_apply_is_empty},
                                                    {"F10", second_apply_writes_nothing}}};

// By the check, {"what","record"} of what is broken, or {"skip"}. Only the first check of a run has
// to go these steps; it goes them all, so that each finds the first step that breaks its own rule.
json::Value found_by_steps(Bench& bench) {
    static constexpr const char* kFound = "found-by-steps";
    if (json::Value before = bench.kept(kFound); before.is_object()) return before;
    Subject subject(bench);
    json::Object found;
    for (const json::Value& description : steps(bench)) {
        const Step step = take(bench, subject, description);
        for (const Judgement& each : kJudgements) {
            if (found.contains(each.check) || (each.needs_plan && step.planned == nullptr))
                continue;
            try {
                each.judge(bench, step);
            } catch (const Broken& why) {
                found.set(each.check, json::Object{{"what", why.what}, {"record", why.record}});
            } catch (const Skipped& why) {
                found.set(each.check, json::Object{{"skip", why.why}});
            }
        }
    }
    bench.keep(kFound, found);
    return found;
}

template <std::size_t at>
void holds_in_steps(Bench& bench) {
    constexpr Judgement kJudgement = kJudgements.at(at);
    if (kJudgement.needs_plan) bench.need(EK_CAP_PLAN, "plan");
    const json::Value found = found_by_steps(bench)[kJudgement.check];
    if (found.is_null()) return;
    if (found.find("skip") != nullptr) skip(found.string_or("skip"));
    broken(found.string_or("what"), found.string_or("record"));
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
        {"F01", "a plan changes nothing", kEach, holds_in_steps<0>},
        {"F02", "a plan is empty where all is as described", kEach, holds_in_steps<1>},
        {"F03", "apply makes the changes that were planned", kEach, holds_in_steps<2>},
        {"F04", "paths of changes are in the schema", kEach, holds_in_steps<3>},
        {"F05", "the value before is what was read before", kEach, holds_in_steps<4>},
        {"F06", "the value after is what is read afterwards", kEach, holds_in_steps<5>},
        {"F07", "apply sends one state, a plan none", kEach, holds_in_steps<6>},
        {"F08", "this state is what is read afterwards", kEach, holds_in_steps<7>},
        {"F09", "a second apply has no changes", kEach, holds_in_steps<8>},
        {"F10", "a second apply writes nothing", kEach, holds_in_steps<9>},
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
