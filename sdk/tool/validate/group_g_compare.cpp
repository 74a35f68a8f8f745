#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_g {

// A description that was applied, and the state after it.
struct Pair {
    json::Value description, state;
};

class Pairs {
  public:
    explicit Pairs(Bench& bench) : bench_(bench), instance_(bench.open()) {
        bench.need(EK_CAP_APPLY | EK_CAP_REMOVE, "apply and remove");
        id_ = bench.samples().id(0);
        instance_->clear(id_);
        first = made(bench.samples().first());
        second = made(bench.samples().second());
    }
    ~Pairs() { instance_->remove(id_); }
    Pairs(const Pairs&) = delete;
    Pairs& operator=(const Pairs&) = delete;

    Pair made(const json::Value& description) {
        instance_->must_apply(id_, description);
        return {description, instance_->state(id_)};
    }
    std::vector<std::string> paths(const json::Value& description, const json::Value& state) {
        return differing_paths(bench_, *instance_, description, state);
    }
    Instance& instance() { return *instance_; }
    const std::string& id() const { return id_; }

    Pair first, second;

  private:
    Bench& bench_;
    std::unique_ptr<Instance> instance_;
    std::string id_;
};

std::string shown(const std::vector<std::string>& paths) {
    std::string text;
    for (const std::string& path : paths) text += (text.empty() ? "" : ", ") + path;
    return text.empty() ? "nothing" : text;
}

void empty_after_apply(Bench& bench) {
    Pairs pairs(bench);
    for (const Pair& pair : {pairs.first, pairs.second}) {
        const auto paths = pairs.paths(pair.description, pair.state);
        demand(paths.empty(), "after an apply it is not as described: " + shown(paths),
               json::write(pair.description) + "\n" + json::write(pair.state));
    }
}

void one_mutation_one_path(Bench& bench) {
    Pairs pairs(bench);
    const Samples& samples = bench.samples();
    for (const std::string& path : samples.differing()) {
        const auto* field = samples.fields().at(path);
        if (field == nullptr ||
            (field->property.write_only && field->property.compare != schema::Comparison::digest))
            continue;
        // The first description with one field of the second, held against the first state.
        json::Object description = samples.first().as_object();
        const json::Value* value = samples.second().find(field->name);
        if (value == nullptr) continue;
        description.set(field->name, *value);
        if (!samples.schema().validate(description, schema::Mode::description).empty()) continue;
        const auto paths = pairs.paths(description, pairs.first.state);
        demand(paths.size() == 1 && paths[0].starts_with(path),
               "one field differs, " + path + ", and compare finds " + shown(paths),
               json::write(description) + "\n" + json::write(pairs.first.state));
    }
}

// What a state says, as a description.
json::Value as_description(const Samples& samples, const json::Value& state) {
    json::Object description;
    for (const schema::Field& field : samples.fields())
        if (const json::Value* value = state.find(field.name);
            value != nullptr && !field.property.read_only && !field.property.write_only)
            description.set(field.name, *value);
    return description;
}

void is_reflexive(Bench& bench) {
    Pairs pairs(bench);
    for (const Pair& pair : {pairs.first, pairs.second}) {
        const auto paths = pairs.paths(as_description(bench.samples(), pair.state), pair.state);
        demand(paths.empty(), "a state is not as itself: " + shown(paths), json::write(pair.state));
    }
}

// Holds the first state against the first description with `value` of `field` changed.
void equal_with(Bench& bench, Pairs& pairs, const schema::Field& field, json::Value value,
                const char* what) {
    json::Object description = bench.samples().first().as_object();
    description.set(field.name, std::move(value));
    const auto paths = pairs.paths(description, pairs.first.state);
    demand(std::find(paths.begin(), paths.end(), field.path) == paths.end(),
           std::string(what) + " counts as a difference of " + field.path,
           json::write(description) + "\n" + json::write(pairs.first.state));
}

// The fields that have this comparison and can be described.
std::vector<schema::Field> described_fields(const Samples& samples, schema::Comparison comparison) {
    std::vector<schema::Field> fields;
    for (const schema::Field& field : samples.fields())
        if (field.property.compare == comparison && !field.property.read_only)
            fields.push_back(field);
    return fields;
}

void order_of_sets(Bench& bench) {
    std::vector<std::pair<schema::Field, json::Array>> reversed;
    for (const auto& field : described_fields(bench.samples(), schema::Comparison::set)) {
        const json::Value* value = bench.samples().first().find(field.name);
        if (value == nullptr || !value->is_array() || value->as_array().size() < 2) continue;
        const json::Array& items = value->as_array();
        reversed.emplace_back(field, json::Array(items.rbegin(), items.rend()));
    }
    if (reversed.empty()) skip("no description here has a set of two");
    Pairs pairs(bench);
    for (auto& [field, items] : reversed)
        equal_with(bench, pairs, field, std::move(items), "the order of a set");
}

// Whether the schema or the settings may have such a word.
bool declares_equivalences(const Samples& samples) {
    const json::Value& given = samples.settings().equal;
    return (given.is_array() && !given.as_array().empty()) ||
           std::any_of(samples.fields().begin(), samples.fields().end(), [](const auto& field) {
               return field.property.compare == schema::Comparison::caseless ||
                      !field.alias.empty();
           });
}

void declared_equivalences(Bench& bench) {
    constexpr const char* kNone = "the schema and the settings (equal) declare no equivalences";
    if (!declares_equivalences(bench.samples())) skip(kNone);
    Pairs pairs(bench);
    bool any = false;
    for (const schema::Field& field : bench.samples().fields()) {
        const json::Value* value = pairs.first.description.find(field.name);
        if (field.property.read_only || value == nullptr || !value->is_string()) continue;
        if (field.property.compare == schema::Comparison::caseless) {
            std::string upper = value->as_string();
            std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
            equal_with(bench, pairs, field, upper, "upper case");
            any = true;
        }
        const json::Value& number = pairs.first.state[field.alias];
        if (!field.alias.empty() && number.is_integer()) {
            equal_with(bench, pairs, field, std::to_string(number.as_integer()), "its number");
            any = true;
        }
    }
    const json::Value& given = bench.samples().settings().equal;
    if (given.is_array())
        for (const json::Value& pair : given.as_array()) {
            const auto paths = pairs.paths(pair["description"], pair["state"]);
            any = true;
            demand(paths.empty(), "what the settings call equal differs: " + shown(paths),
                   json::write(pair));
        }
    if (!any) skip(kNone);
}

// From here on every system call but those that memory needs ends this process.
void seal_system_calls() {
    std::vector<sock_filter> filter = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const unsigned allowed :
         {SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect, SYS_futex,
          SYS_exit_group, SYS_write, SYS_rt_sigreturn, SYS_eventfd2, SYS_close}) {
        filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed, 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void makes_no_system_call(Bench& bench) {
    bench.need(EK_CAP_COMPARE, "compare: the host does, by the schema's words");
    if (bench.is_isolated) skip("what its process calls is seen only without --isolated");
    Pairs pairs(bench);
    const ChildResult result = in_child([&] {
        pairs.instance().compare(pairs.first.description, pairs.first.state);
        seal_system_calls();
        pairs.instance().compare(pairs.first.description, pairs.second.state);
        return std::string();
    });
    demand(result.returned, "compare makes a system call (" + result.text + ")");
}

void empty_when_apply_is(Bench& bench) {
    bench.need(EK_CAP_PLAN, "plan");
    Pairs pairs(bench);
    for (const Pair& target : {pairs.first, pairs.second}) {
        for (const Pair& present : {pairs.first, pairs.second}) {
            pairs.made(present.description);
            const Told plan = pairs.instance().plan(pairs.id(), target.description);
            const json::Value state = pairs.instance().state(pairs.id());
            const auto paths = pairs.paths(target.description, state);
            // write-only fields that no state shows are changed by apply and seen by nobody.
            demand(paths.empty() || !plan->changes.empty(),
                   "compare finds " + shown(paths) + " where apply has nothing to do",
                   json::write(target.description) + "\n" + json::write(state));
            demand(!paths.empty() || plan->changes.empty(),
                   "compare finds nothing where apply changes something", plan->transcript());
        }
    }
}

void volatile_is_ignored(Bench& bench) {
    const auto fields = described_fields(bench.samples(), schema::Comparison::changing);
    if (fields.empty()) skip("no property that can be described is volatile");
    Pairs pairs(bench);
    bool any = false;
    for (const schema::Field& field : fields)
        for (const json::Value& variant : bench.samples().variants(field)) {
            equal_with(bench, pairs, field, variant[field.name], "another volatile value");
            any = true;
        }
    if (!any) skip("no property that is volatile has a value to try");
}

}  // namespace group_g

std::vector<Check> compare_checks() {
    using namespace group_g;
    constexpr auto kEach = Scope::collection;
    return {
        {"G01", "after an apply nothing differs", kEach, empty_after_apply},
        {"G02", "one field that differs is one path", kEach, one_mutation_one_path},
        {"G03", "a state is as itself", kEach, is_reflexive},
        {"G04", "the order of a set is no difference", kEach, order_of_sets},
        {"G05", "what is declared to be equal is", kEach, declared_equivalences},
        {"G06", "compare makes no system call", kEach, makes_no_system_call},
        {"G07", "it finds something exactly when apply does", kEach, empty_when_apply_is},
        {"G08", "what is volatile is no difference", kEach, volatile_is_ignored},
    };
}

}  // namespace evenkeel::validate
