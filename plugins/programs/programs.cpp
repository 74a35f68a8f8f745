#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "plugins/posix/each.hpp"
#include "plugins/posix/format.hpp"
#include "plugins/programs/creates_watch.hpp"
#include "plugins/programs/guards.hpp"
#include "plugins/programs/program.hpp"
#include "plugins/programs/record.hpp"
#include "plugins/programs/runner.hpp"
#include "programs_embedded.hpp"

// The collection `programs`: programs that are run until the machine is as their guards say.
namespace evenkeel::programs {

namespace {

constexpr std::string_view kActionsText =
    R"({"run":{"type":"object","additionalProperties":false,)"
    R"("description":"Runs it once, whatever its guards say: the program that is described under )"
    R"(this name, or the one given here.","properties":{)"
    R"("command":{"type":"array","minItems":1,"maxItems":1024,"items":{"type":"string",)"
    R"("maxLength":16384,"pattern":"^[^\\x00]*$"},)"
    R"("description":"The program by its absolute path, and its arguments."},)"
    R"("arguments":{"type":"array","maxItems":1024,"items":{"type":"string","maxLength":16384,)"
    R"("pattern":"^[^\\x00]*$"},"description":"More arguments, after those of the command."},)"
    R"("environment":{"type":"object","maxProperties":256,)"
    R"("propertyNames":{"pattern":"^[A-Za-z_][A-Za-z0-9_]{0,255}$"},)"
    R"("additionalProperties":{"type":"string","maxLength":16384,"pattern":"^[^\\x00]*$"},)"
    R"("description":"Variables for it. They are not kept of the one described."},)"
    R"("user":{"type":"string","pattern":"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}$",)"
    R"("description":"The user who runs it."},)"
    R"("folder":{"type":"string","maxLength":4095,"pattern":"^/[^\\x00]*$",)"
    R"("description":"Its working directory."},)"
    R"("timeout_s":{"type":"integer","minimum":0,"maximum":86400,)"
    R"("description":"After how many seconds it is ended; 0: at the deadline of the command."},)"
    R"("exit_codes":{"type":"array","minItems":1,"maxItems":256,"items":{"type":"integer",)"
    R"("minimum":0,"maximum":255},)"
    R"("description":"The exit codes with which it has done its work."}}}})";

std::string now_text() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return posix::to_rfc3339(now);
}

std::string environment_json(const sdk::json::Value& desired) {
    const auto* environment = sdk::json::find(desired, "environment");
    return environment ? sdk::json::write(*environment) : "{}";
}

void require_expected(const Program& program, int exit_code) {
    for (const int expected : program.exit_codes)
        if (exit_code == expected) return;
    throw sdk::Failure(
        EK_E_CONFLICT,
        program.command.front() + (exit_code > 128
                                       ? " was ended by signal " + std::to_string(exit_code - 128)
                                       : " ended with exit code " + std::to_string(exit_code)));
}

// What an apply found and is about to do.
struct Plan {
    sdk::Changes changes;
    Record record;  // as it is to be kept, before it is run
    std::vector<std::string> variables;
    bool runs = false;
};

}  // namespace

class Programs {
  public:
    static constexpr std::string_view kName = "programs";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr std::string_view kActions = kActionsText;
    static constexpr bool kPlans = true;
    static constexpr bool kParallel = true;  // so that others are read while one runs

    Programs(const sdk::Host& host, const sdk::Call&, std::string_view) : records_(host) {}

    void read(const sdk::Call& call, std::string_view ids) {
        posix::read_each(call, ids, posix::stamped(stamp_, [&](const std::string& id) {
                             return state_of(call, id);
                         }));
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        Plan plan = plan_for(call, id, description);
        plan.changes.carry_out(call, [&] { carry_out(call, id, plan); });
        if (!call.dry_run()) call.state(plan.record.state(std::nullopt));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        sdk::Changes changes;
        if (records_.get(id))
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] {
            records_.erase(id);
            creates_.remember(id, "");
        });
    }

    void invoke(const sdk::Call& call, std::string_view id, std::string_view,
                std::string_view arguments) {
        const auto given = sdk::json::parse_object(arguments);
        const bool is_own = sdk::json::find(given, "command") == nullptr;
        auto record = is_own ? records_.get(id) : std::nullopt;
        if (is_own && !record)
            throw sdk::Failure(EK_E_NOT_FOUND, std::string(id) + " is not described here")
                .hint("give a command, or describe it");
        if (is_own && !record->environment_mark.empty() && !sdk::json::find(given, "environment"))
            throw sdk::Failure(EK_E_INVALID, "its environment is not kept")
                .at("/environment")
                .hint("give it with the action");
        Program program = record ? record->program : Program{};
        read_into(given, program);
        if (const auto* more = sdk::json::find(given, "arguments"))
            for (std::string& word : sdk::json::texts_of(*more))
                program.command.push_back(std::move(word));
        const auto command = command_for(program, program.command, environment_of(given));
        const int exit_code = run(call, command, program.timeout_s);
        if (record) keep_run(id, *record, exit_code);
        require_expected(program, exit_code);
    }

    class Watch : public CreatesWatch {
      public:
        Watch(Programs& programs, const sdk::Call&, const sdk::WatchHost& host)
            : CreatesWatch(programs.creates_, host) {}
    };

  private:
    std::optional<std::string> state_of(const sdk::Call& call, const std::string& id) {
        const auto record = records_.get(id);
        creates_.remember(id, record ? record->program.creates : "");
        if (!record) return std::nullopt;
        return record->state(why_due(call, record->program, record->done));
    }

    Plan plan_for(const sdk::Call& call, std::string_view id, std::string_view description) const {
        const auto desired = sdk::json::parse_object(description);
        Program wanted;
        read_into(desired, wanted);
        const auto known = records_.get(id);
        Plan plan;
        plan.variables = environment_of(desired);
        plan.record = known.value_or(Record{});
        const bool same_environment = plan.record.has_environment(plan.variables);
        const bool same_work = known && same_environment && known->program.runs_like(wanted);
        plan.record.done = same_work && plan.record.done;
        if (!same_environment) plan.record.set_environment(plan.variables);
        plan.record.program = wanted;

        if (!known) plan.changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        if (known) compare(known->program, wanted, plan.changes);
        if (known && !same_environment)
            plan.changes.field("/environment", sdk::quote(known->environment_mark),
                               environment_json(desired), EK_CHG_SENSITIVE);
        const auto due = why_due(call, wanted, plan.record.done);
        plan.runs = due.has_value();
        if (!plan.runs) return plan;
        if (same_work && known->program.guarded_like(wanted))
            plan.changes.field("/due", sdk::quote(*due), std::nullopt);
        plan.changes.field("/runs",
                           known ? std::optional(std::to_string(known->runs)) : std::nullopt,
                           std::to_string(plan.record.runs + 1));
        return plan;
    }

    // The record is kept first: whatever kills us, the next look knows what was wanted, and that it
    // is not done.
    void carry_out(const sdk::Call& call, std::string_view id, Plan& plan) {
        Record& record = plan.record;
        const auto command = command_for(record.program, record.program.command, plan.variables);
        records_.put(id, record);
        creates_.remember(id, record.program.creates);
        for (const char* path : {"/ensure", "/command", "/user", "/folder", "/timeout_s",
                                 "/exit_codes", "/creates", "/unless", "/only_if", "/environment"})
            plan.changes.done(path);
        if (!plan.runs) return;
        const int exit_code = run(call, command, record.program.timeout_s);
        keep_run(id, record, exit_code);
        plan.changes.done("/runs");
        require_expected(record.program, exit_code);
        if (const auto due = why_due(call, record.program, record.done))
            throw sdk::Failure(EK_E_CONFLICT,
                               record.program.command.front() + " ended with exit code " +
                                   std::to_string(exit_code) + ", but still " + *due);
    }

    void keep_run(std::string_view id, Record& record, int exit_code) const {
        const auto& expected = record.program.exit_codes;
        record.done = false;
        for (const int code : expected) record.done = record.done || code == exit_code;
        record.exit_code = exit_code;
        record.ran_at = now_text();
        ++record.runs;
        records_.put(id, record);
    }

    Records records_;
    Creates creates_;
    sdk::Stamper stamp_;
};

}  // namespace evenkeel::programs

EVENKEEL_MODULE("org.evenkeel.programs", EVENKEEL_VERSION, kManifest, evenkeel::programs::Programs)
