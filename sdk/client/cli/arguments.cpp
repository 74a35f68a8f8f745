#include "sdk/client/cli/arguments.hpp"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "core/base/time.hpp"
#include "sdk/client/cli/arguments_parts.hpp"
#include "sdk/client/cli/complete.hpp"

namespace evenkeel::cli {
namespace {

// One value after each --host: a second word is never swallowed.
CLI::Option* add_hosts(CLI::App* app, std::vector<std::string>& hosts) {
    return app->add_option("--host", hosts, "Host by name, id or pattern (web*); may be repeated")
        ->allow_extra_args(false)
        ->type_name("HOST");
}

void add_get(CLI::App& app, Run& run) {
    CLI::App* get = group(app, "get", "List things, or show one");
    const auto options = std::make_shared<GetOptions>();

    CLI::App* hosts = get->add_subcommand("hosts", "Hosts")->alias("host");
    hosts->add_option("NAME", options->name, "One host, by name or id");
    add_query(hosts, options->query);
    add_watch(hosts, options->watch);
    on_parsed(hosts, run, options, get_hosts);

    CLI::App* commands = get->add_subcommand("commands", "Commands")->alias("command");
    commands->add_option("ID", options->name, "One command");
    commands->add_option("--state", options->state, "Only those in this state");
    commands->add_option("--limit", options->limit, "Only the newest so many");
    add_hosts(commands, options->hosts);
    add_query(commands, options->query);
    add_watch(commands, options->watch);
    on_parsed(commands, run, options, get_commands);

    CLI::App* collections =
        get->add_subcommand("collections", "What hosts can look after")->alias("collection");
    collections->add_option("NAME", options->name, "One collection");
    add_hosts(collections, options->hosts);
    add_query(collections, options->query);
    add_watch(collections, options->watch);
    on_parsed(collections, run, options, get_collections);

    CLI::App* resources =
        get->add_subcommand("resources", "Described resources")->alias("resource");
    resources->add_option("COLLECTION", options->name, "Only this collection");
    resources->add_option("ID", options->id, "One resource of it");
    add_hosts(resources, options->hosts);
    add_query(resources, options->query);
    add_watch(resources, options->watch);
    on_parsed(resources, run, options, get_resources);
}

void add_describe(CLI::App& app, Run& run) {
    CLI::App* describe = group(app, "describe", "Show everything about one thing");
    const auto options = std::make_shared<DescribeOptions>();

    CLI::App* host = describe->add_subcommand("host", "A host");
    host->add_option("NAME", options->name, "Name or id")->required();
    on_parsed(host, run, options, describe_host);

    CLI::App* command = describe->add_subcommand("command", "A command");
    command->add_option("ID", options->name, "Its id")->required();
    on_parsed(command, run, options, describe_command);

    CLI::App* collection = describe->add_subcommand("collection", "A collection, with its schema");
    collection->add_option("NAME", options->name, "Its name")->required();
    collection->add_option("--host", options->host, "Name or id")->required();
    on_parsed(collection, run, options, describe_collection);

    CLI::App* resource = describe->add_subcommand("resource", "A resource");
    resource->add_option("COLLECTION", options->name, "Its collection")->required();
    resource->add_option("ID", options->id, "Its id, such as /etc/motd")->required();
    resource->add_option("--host", options->host, "Name or id")->required();
    resource->add_flag("--live", options->live, "Ask the machine now");
    on_parsed(resource, run, options, describe_resource);
}

void add_waiting(CLI::App* app, ChangeOptions& options) {
    add_hosts(app, options.hosts)->required();
    const auto wait = [&options](const std::string& text) {
        // A bare --wait comes as "true".
        if (text.empty() || text == "true") return;
        const auto time = parse_duration(text);
        if (!time) throw CLI::ValidationError("--wait", time.error().what);
        options.wait = *time;
    };
    CLI::Option* flag = app->add_flag_function(
        "--wait{true}", [](std::int64_t) {}, "Wait for the end, 60s or --wait=TIME");
    flag->each(wait);
    app->add_flag_callback(
           "--no-wait", [&options] { options.wait = {}; }, "Return once the command is stored")
        ->excludes(flag);
    app->add_option("--idempotency-key", options.key,
                    "Has its effect once, however often this is run with the same key");
}

void add_change(CLI::App& app, Run& run) {
    const auto options = std::make_shared<ApplyOptions>();
    CLI::App* apply_app = app.add_subcommand("apply", "Describe the resources of a file on hosts");
    apply_app->add_option("-f,--file", options->file, "FILE, or - for standard input")->required();
    add_waiting(apply_app, *options);
    apply_app->add_flag("--dry-run", options->dry_run, "Only say what would be done");
    on_parsed(apply_app, run, options, apply);

    const auto diff_options = std::make_shared<ApplyOptions>();
    diff_options->dry_run = true;
    CLI::App* diff = app.add_subcommand("diff", "Say what applying a file would change");
    diff->add_option("-f,--file", diff_options->file, "FILE, or - for standard input")->required();
    add_hosts(diff, diff_options->hosts)->required();
    diff->add_flag("--exit-code", diff_options->exit_code, "Exit 3 when there are changes");
    on_parsed(diff, run, diff_options, apply);
}

void add_resource_change(CLI::App& app, Run& run, const std::string& verb, const std::string& text,
                         Exit (*command)(Session&, const ResourceOptions&), bool dry_run) {
    const auto options = std::make_shared<ResourceOptions>();
    CLI::App* resource = group(app, verb, text)->add_subcommand("resource", "A resource");
    resource->add_option("COLLECTION", options->collection, "Its collection")->required();
    resource->add_option("ID", options->id, "Its id, such as /etc/motd")->required();
    add_waiting(resource, *options);
    if (dry_run) resource->add_flag("--dry-run", options->dry_run, "Only say what would be done");
    on_parsed(resource, run, options, command);
}

void add_doing(CLI::App& app, Run& run) {
    const auto action = std::make_shared<InvokeOptions>();
    CLI::App* invoke_app = app.add_subcommand("invoke", "Run an action of a resource once");
    invoke_app->add_option("COLLECTION", action->collection, "Its collection")->required();
    invoke_app->add_option("ID", action->id, "Its id")->required();
    invoke_app->add_option("ACTION", action->action, "restart, ...")->required();
    invoke_app->add_option("--arguments", action->arguments, "A JSON object");
    add_waiting(invoke_app, *action);
    invoke_app->add_flag("--dry-run", action->dry_run, "Only say what would be done");
    on_parsed(invoke_app, run, action, invoke);

    const auto waited = std::make_shared<WaitOptions>();
    CLI::App* wait_app = app.add_subcommand("wait", "Wait for a host's state or a command's end");
    wait_app->add_option("TARGET", waited->target, "host/NAME or command/ID")->required();
    wait_app
        ->add_option("--for", waited->conditions,
                     "connection=online, compliance=compliant, ...; may be repeated")
        ->allow_extra_args(false);
    wait_app->add_option_function<std::string>(
        "--timeout",
        [options = waited.get()](const std::string& text) {
            const auto time = parse_duration(text);
            if (!time) throw CLI::ValidationError("--timeout", time.error().what);
            options->timeout = *time;
        },
        "How long at most: 60s when absent");
    on_parsed(wait_app, run, waited, wait);
}

void add_watching(CLI::App& app, Run& run) {
    const auto watched = std::make_shared<EventOptions>();
    CLI::App* events_app = app.add_subcommand("events", "Show events as they come");
    events_app->add_flag("--follow", watched->follow, "Go on until interrupted");
    events_app->add_option("--since", watched->since, "Begin behind the event with this id");
    events_app->add_option("--host", watched->host, "Only of this host");
    events_app->add_option("--type", watched->type, "Only of this type: resource.drifted, ...");
    on_parsed(events_app, run, watched, events);

    const auto judged = std::make_shared<ComplianceOptions>();
    CLI::App* compliance_app = app.add_subcommand("compliance", "Show what is as described");
    add_hosts(compliance_app, judged->hosts);
    compliance_app->add_option("--collection", judged->collection, "Only this collection");
    compliance_app->add_option("--status", judged->status, "Only this status")
        ->check(CLI::IsMember({"compliant", "drifted", "unknown", "failed"}));
    add_query(compliance_app, judged->query);
    add_watch(compliance_app, judged->watch);
    on_parsed(compliance_app, run, judged, compliance);

    const auto call = std::make_shared<ApiOptions>();
    CLI::App* api_app = app.add_subcommand("api", "Send any request of the REST API");
    api_app->add_option("METHOD", call->method, "GET, PUT, ...")->required();
    api_app->add_option("PATH", call->path, "Percent-encoded: /v1/hosts?limit=1")->required();
    api_app->add_option("--data", call->data, "The body: text, @FILE or @-");
    api_app->add_option("-H,--header", call->headers, "'Name: value'; may be repeated")
        ->allow_extra_args(false);
    api_app->add_flag("-i,--include", call->include, "Tell status and headers too");
    on_parsed(api_app, run, call, api);
}

void add_manage(CLI::App& app, Run& run) {
    const auto options = std::make_shared<ManageOptions>();
    CLI::App* rename = group(app, "rename", "Rename a host")->add_subcommand("host", "A host");
    rename->add_option("NAME", options->name, "Name or id")->required();
    rename->add_option("NEW", options->new_name, "The new name")->required();
    on_parsed(rename, run, options, rename_host);

    CLI::App* label = group(app, "label", "Label a host")->add_subcommand("host", "A host");
    label->add_option("NAME", options->name, "Name or id")->required();
    label->add_option("LABEL", options->labels, "name=value, or name- to take it away")->required();
    on_parsed(label, run, options, label_host);

    CLI::App* retire = group(app, "retire", "Cut a host off")->add_subcommand("host", "A host");
    retire->add_option("NAME", options->name, "Name or id")->required();
    on_parsed(retire, run, options, retire_host);

    CLI::App* cancel =
        group(app, "cancel", "Stop a command")->add_subcommand("command", "A command");
    cancel->add_option("ID", options->name, "Its id")->required();
    on_parsed(cancel, run, options, cancel_command);

    CLI::App* token = group(app, "create", "Make something")
                          ->add_subcommand("enrolment-token", "What a new host enrols with");
    token->add_option("--name", options->name, "A name to know it by");
    token->add_option("--uses", options->uses, "How many hosts may use it")
        ->check(CLI::Range(1, 1'000'000));
    token->add_option("--expires-in", options->expires_in, "How long it holds: 1h");
    token->add_option("--label", options->labels, "name=value for the host; may be repeated")
        ->allow_extra_args(false);
    on_parsed(token, run, options, create_enrolment_token);
}

void add_contexts(CLI::App& app, Run& run) {
    CLI::App* contexts = group(app, "context", "Remember orchestrators by name");
    const auto name = std::make_shared<std::string>();
    const auto add = [&](const char* verb, const char* text,
                         Exit (*command)(Session&, const std::string&), bool required) {
        CLI::App* sub = contexts->add_subcommand(verb, text);
        sub->add_option("NAME", *name, "Name of the context")->required(required);
        on_parsed(sub, run, name, command);
    };
    add("add", "Save --url, --token-file and --ca-file under a name", context_add, true);
    add("use", "Make it the one in use", context_use, true);
    add("remove", "Take it away", context_remove, true);
    add("show", "Show it, or the one in use", context_show, false);
    contexts->add_subcommand("list", "List all")->callback([&run] { run = context_list; });
}

void add_completion(CLI::App& app, Run& run) {
    const auto shell = std::make_shared<std::string>();
    CLI::App* completion = app.add_subcommand("completion", "Print a script that completes words");
    completion->add_option("SHELL", *shell, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
    completion->callback([&run, shell] {
        run = [shell](Session& session) { return print_completion(session.output(), *shell); };
    });
}

void add_globals(CLI::App& app, Globals& globals) {
    app.add_option("--url", globals.url, "The orchestrator's REST API (EK_URL)");
    app.add_option("--token-file", globals.token_file,
                   "File with the token, - for standard input (EK_TOKEN_FILE)");
    app.add_option("--ca-file", globals.ca_file, "PEM of the CA to trust (EK_CA_FILE)");
    app.add_option("--context", globals.context, "A saved context (EK_CONTEXT)");
    app.add_option("-o,--output", globals.output, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
    app.set_version_flag("--version", "ek " EVENKEEL_VERSION);
}

}  // namespace

std::variant<Arguments, Exit> parse_arguments(int argc, char** argv) {
    CLI::App app("Evenkeel: keeps machines as their owners described them", "ek");
    Arguments arguments;
    app.require_subcommand(1);
    // Lets the global options stand behind the subcommand too.
    app.fallthrough();
    add_globals(app, arguments.globals);
    add_get(app, arguments.run);
    add_describe(app, arguments.run);
    add_change(app, arguments.run);
    add_resource_change(app, arguments.run, "delete", "Remove a resource from hosts",
                        delete_resource, true);
    add_resource_change(app, arguments.run, "forget", "Drop a description, leave the machine alone",
                        forget_resource, false);
    add_doing(app, arguments.run);
    add_watching(app, arguments.run);
    add_manage(app, arguments.run);
    add_access(app, arguments.run);
    add_contexts(app, arguments.run);
    app.footer(
        "Global options may also stand behind the command.\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 3 changes pending (diff --exit-code),\n"
        "4 not authenticated, 5 not found, 6 conflict, 7 some hosts failed or did not\n"
        "answer, 8 timeout, 9 no host matched, 130 interrupted.");
    add_completion(app, arguments.run);
    if (argc > 1 && std::string_view(argv[1]) == "__complete") {
        arguments.run = [asked = completion_of(app, {argv + 2, argv + argc})](Session&) {
            return complete(asked);
        };
        return arguments;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error, std::cout, std::cerr) == 0 ? Exit::done : Exit::usage;
    }
    return arguments;
}

}  // namespace evenkeel::cli
