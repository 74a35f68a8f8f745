#include "sdk/tool/call.hpp"

#include <memory>

#include <CLI/CLI.hpp>

#include "core/base/time.hpp"
#include "sdk/tool/command.hpp"

namespace evenkeel::tool {
namespace {

// The line, as it is typed.
struct CallLine {
    PluginCall call;
    std::string id, config, wanted, arguments, timeout;
    bool as_json = false;
};

Result<void> complete(CallLine& line) {
    PluginCall& call = line.call;
    if (!line.id.empty()) call.ids = {line.id};
    if (!line.config.empty()) call.open.configuration = EK_TRY(read_value(line.config));
    if (!line.wanted.empty()) call.value = EK_TRY(read_value(line.wanted));
    if (!line.arguments.empty()) call.value = EK_TRY(read_value(line.arguments));
    if (!line.timeout.empty()) call.timeout = EK_TRY(parse_duration(line.timeout));
    if (!call.open.configuration.is_object())
        return fail(Errc::invalid, "the configuration is no object");
    EK_CHECK(stem_of(call.file));
    return {};
}

Exit run_call(CallLine line) {
    if (const auto read = complete(line); !read) return fail_with(read.error(), Exit::usage);
    Exit exit = Exit::done;
    const PluginCall& call = line.call;
    const auto ended = run_apart(
        [&call](const Say& say, const plugin::CancelSource& cancel) { answer(call, say, cancel); },
        [&](const json::Value& one) { exit = show(call, one, line.as_json); }, call.name);
    return ended ? exit : fail_with(ended.error());
}

}  // namespace

void add_call(CLI::App& app, Run& run) {
    const auto line = std::make_shared<CallLine>();
    auto* command = app.add_subcommand("call", "Call one operation of a plugin, without an agent");
    command->require_subcommand(1);
    command->fallthrough();
    command->add_option("FILE", line->call.file, "The plugin, NAME.so")->required();
    command->add_option("-c,--collection", line->call.open.collection,
                        "Which collection; needed where the plugin has several");
    command->add_option("--config", line->config, "What agent.json would say: JSON or @FILE");
    command->add_option("--data-dir", line->call.open.data_dir,
                        "The plugin's own folder; \"data\" beside it unless given");
    command->add_option("--timeout", line->timeout, "How long the call may take: 60s");
    command->add_flag("--json", line->as_json, "One line of JSON for each answer");
    const auto add = [&](Operation operation, const char* name, const char* about) {
        auto* added = command->add_subcommand(name, about);
        added->callback([line, operation, name, &run] {
            line->call.operation = operation;
            line->call.name = name;
            run = [line] { return run_call(std::move(*line)); };
        });
        return added;
    };
    const auto one = [line](CLI::App* to) { to->add_option("ID", line->id)->required(); };
    add(Operation::list, "list", "All resources")->add_option("ID", line->call.ids);
    add(Operation::read, "read", "The states of these")
        ->add_option("ID", line->call.ids)
        ->required();
    auto* plan = add(Operation::plan, "plan", "What apply would change");
    auto* apply = add(Operation::apply, "apply", "Bring one in line with what is wanted");
    for (CLI::App* each : {plan, apply}) {
        one(each);
        each->add_option("WANTED", line->wanted, "The description: JSON or @FILE")->required();
    }
    auto* remove = add(Operation::remove, "remove", "Make one absent");
    one(remove);
    remove->add_flag("--dry-run", line->call.dry_run, "Only say what would change");
    auto* invoke = add(Operation::invoke, "invoke", "Run an action");
    one(invoke);
    invoke->add_option("ACTION", line->call.action)->required();
    invoke->add_option("ARGUMENTS", line->arguments, "JSON or @FILE");
    auto* watch = add(Operation::watch, "watch", "Say when one of these changes, until Ctrl-C");
    watch->add_option("ID", line->call.ids)->required();
    watch->add_option("--count", line->call.hints, "End after so many");
}

}  // namespace evenkeel::tool
