#include <map>
#include <string>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/process_state.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_d {

void opens(Bench& bench) {
    bench.open();
}

// The configurations that have to be refused by open, because the schema takes them.
json::Array bad_configs(Bench& bench) {
    json::Array configs;
    const json::Value& given = bench.samples().settings().bad_configs;
    if (given.is_array()) configs = given.as_array();
    const ek_str text = bench.collection().config_schema_json;
    json::Value unknown = json::Object{{"no_such_option", true}};
    if (text.len != 0) {
        const auto schema = schema::Schema::compile(copy(text));
        if (schema && schema->validate(unknown, schema::Mode::description).empty())
            configs.push_back(std::move(unknown));
    }
    return configs;
}

void refuses_bad_configs(Bench& bench) {
    const json::Array configs = bad_configs(bench);
    if (configs.empty())
        skip(
            "the schema of the configuration refuses what is not known, and the settings name no "
            "bad_configs that it takes");
    for (const json::Value& config : configs) {
        const Bench::Opened opened = bench.try_open(config);
        demand(opened.instance == nullptr, "open takes the configuration " + json::write(config));
        demand(opened.answers->error() != nullptr,
               "open refuses " + json::write(config) + " and does not say why",
               opened.answers->transcript());
    }
}

void failed_open_leaves_null(Bench& bench) {
    std::vector<Bench::Opened> all;
    for (const json::Value& config : bad_configs(bench)) all.push_back(bench.try_open(config));
    const json::Value& missing = bench.samples().settings().unavailable;
    if (!missing.is_null()) all.push_back(bench.try_open(missing));
    all.push_back(bench.try_open(bench.samples().settings().config, {.cancelled = true}));
    all.push_back(bench.try_open(json::Array()));
    bool failed = false;
    for (const Bench::Opened& opened : all) {
        failed = failed || opened.instance == nullptr;
        demand(!opened.left_handle, "an open that fails leaves an instance",
               opened.answers->transcript());
    }
    if (!failed) skip("nothing makes open fail: no bad_configs in the settings");
}

void instances_are_independent(Bench& bench) {
    const auto one = bench.open();
    const auto other = bench.open();
    demand(one->handle() != other->handle(), "two opens give the same instance");
    const std::string absent = bench.samples().absent_id();
    other->state(absent);
    one->close();
    other->state(absent);
    if (!bench.can(EK_CAP_APPLY | EK_CAP_REMOVE)) return;
    const std::string id = bench.samples().id(0);
    other->clear(id);
    other->must_apply(id, bench.samples().first());
    demand(!other->state(id).is_null(),
           "after another instance was closed, an apply has no effect");
    other->must_remove(id);
}

void cycle(Bench& bench) {
    const auto instance = bench.open();
    instance->state(bench.samples().absent_id());
}

// What the process had when this was made, and has to have again.
class Before {
  public:
    void demand_no_more(const std::string& doing) const {
        const auto open_now = open_descriptors();
        std::string last;
        for (const auto& [fd, file] : open_now)
            if (open_.count(fd) == 0) last = file;
        demand(open_now.size() <= open_.size(),
               doing + " leave " + std::to_string(open_now.size() - open_.size()) +
                   " descriptors, the last is " + last);
        demand(threads().size() <= threads_, doing + " leave threads");
        const std::size_t heap_now = heap_bytes();
        constexpr std::size_t kSlack = 200 * 1024;
        demand(heap_now <= heap_ + kSlack,
               doing + " leave " + std::to_string((heap_now - heap_) / 1024) + " KiB on the heap");
    }

  private:
    std::map<int, std::string> open_ = open_descriptors();
    std::size_t threads_ = threads().size();
    std::size_t heap_ = heap_bytes();
};

void changes_leave_nothing(Bench& bench) {
    if (!bench.can(EK_CAP_APPLY | EK_CAP_REMOVE)) return;
    const auto instance = bench.open();
    const std::string id = bench.samples().id(0);
    instance->clear(id);
    const auto change = [&] {
        instance->must_apply(id, bench.samples().first());
        instance->must_remove(id);
    };
    const int count = bench.samples().settings().many ? 20 : 2;
    for (int i = 0; i < count / 2; ++i) change();
    const Before before;
    for (int i = 0; i < count; ++i) change();
    before.demand_no_more(std::to_string(count) + " times apply and remove");
}

void cycles_leave_nothing(Bench& bench) {
    if (bench.is_isolated) skip("what its process keeps is seen only without --isolated");
    for (int i = 0; i < 10; ++i) cycle(bench);
    const Before before;
    for (int i = 0; i < 100; ++i) cycle(bench);
    before.demand_no_more("100 cycles of open and close");
    changes_leave_nothing(bench);
}

void closes_unused(Bench& bench) {
    bench.open()->close();
}

void world_survives(Bench& bench) {
    bench.need(EK_CAP_APPLY | EK_CAP_REMOVE, "apply and remove");
    const std::string id = bench.samples().id(0);
    auto instance = bench.open();
    instance->clear(id);
    instance->must_apply(id, bench.samples().first());
    const json::Value before = lasting(bench.samples().schema(), instance->state(id));
    instance->close();
    instance = bench.open();
    const json::Value after = lasting(bench.samples().schema(), instance->state(id));
    instance->clear(id);
    if (after.is_null() && !bench.is_shared()) skip("resources live in the plugin's memory");
    demand(after == before, "after it was closed and opened again, " + id + " is another",
           json::write(before) + "\n" + json::write(after));
}

void missing_back_end(Bench& bench) {
    const json::Value& config = bench.samples().settings().unavailable;
    if (config.is_null()) skip("the settings name no configuration (unavailable) without back end");
    const Bench::Opened opened = bench.try_open(config);
    demand(opened.answers->status == EK_E_UNAVAILABLE && opened.answers->error() != nullptr,
           "without its back end, open does not answer EK_E_UNAVAILABLE and why",
           opened.answers->transcript());
}

void logs_in_time(Bench& bench) {
    tour(bench);
    ::usleep(50'000);
    demand(bench.log_after_close() == 0, "it writes to the log after close");
    for (const LogLine& line : bench.log()) {
        demand(is_utf8(line.message) && is_utf8(line.fields), "a line of the log is not UTF-8",
               printable(line.message));
        demand(line.severity >= EK_SEV_DEBUG && line.severity <= EK_SEV_ERROR,
               "a line of the log has an unknown severity", printable(line.message));
        if (line.fields.empty()) continue;
        const auto fields = json::parse(line.fields);
        demand(fields && fields->is_object(), "the fields of a line of the log are no object",
               printable(line.fields));
    }
}

void closes_soon(Bench& bench) {
    const auto instance = bench.open();
    instance->state(bench.samples().absent_id());
    const std::uint64_t before = now_monotonic_ns();
    instance->close();
    const std::uint64_t took = now_monotonic_ns() - before;
    demand(took < 2'000'000'000, "close takes " + std::to_string(took / 1'000'000) + " ms");
}

}  // namespace group_d

std::vector<Check> lifecycle_checks() {
    using namespace group_d;
    constexpr auto kEach = Scope::collection;
    return {
        {"D01", "it opens with a good configuration", kEach, opens},
        {"D02", "each bad configuration is refused, and why is said", kEach, refuses_bad_configs},
        {"D03", "a failed open leaves no instance", kEach, failed_open_leaves_null},
        {"D04", "two instances are independent", kEach, instances_are_independent},
        {"D05", "cycles and changes leave no descriptor, thread or memory", kEach,
         cycles_leave_nothing},
        {"D06", "an instance that was never used can be closed", kEach, closes_unused},
        {"D07", "opened again, it sees the same resources", kEach, world_survives},
        {"D08", "without its back end it answers EK_E_UNAVAILABLE", kEach, missing_back_end},
        {"D09", "the log gets good lines, and none after close", kEach, logs_in_time},
        {"D10", "close waits for nothing that the host does", kEach, closes_soon},
    };
}

}  // namespace evenkeel::validate
