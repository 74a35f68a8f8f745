#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/client/cli/arguments.hpp"
#include "sdk/client/cli/arguments_parts.hpp"

namespace evenkeel::cli {
namespace {

void add_status(CLI::App* app, std::string& status) {
    app->add_option("--status", status, "Only this status")
        ->check(CLI::IsMember({"compliant", "drifted", "unknown", "failed"}));
}

void add_get(CLI::App& app, Run& run) {
    CLI::App* get = group(app, "get", "List things, or show one");
    const auto options = std::make_shared<GetOptions>();

    CLI::App* hosts = get->add_subcommand("hosts", "Hosts")->alias("host");
    hosts->add_option("NAME", options->name, "One host, by name or id");
    add_labels(hosts, options->hosts);
    add_query(hosts, options->query);
    add_watch(hosts, options->watch);
    on_parsed(hosts, run, options, get_hosts);

    CLI::App* commands = get->add_subcommand("commands", "Commands")->alias("command");
    commands->add_option("ID", options->name, "One command");
    commands->add_option("--state,--status", options->state, "Only those in this state");
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
    add_status(resources, options->state);
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
    add_hosts(collection, options->host);
    on_parsed_with_hosts(collection, run, options, options->host, describe_collection);

    CLI::App* resource = describe->add_subcommand("resource", "A resource");
    resource->add_option("COLLECTION", options->name, "Its collection")->required();
    resource->add_option("ID", options->id, "Its id, such as /etc/motd")->required();
    add_hosts(resource, options->host);
    resource->add_flag("--live", options->live, "Ask the machine now");
    on_parsed_with_hosts(resource, run, options, options->host, describe_resource);
}

void add_watching(CLI::App& app, Run& run) {
    const auto watched = std::make_shared<EventOptions>();
    CLI::App* events_app = app.add_subcommand("events", "Show what has happened, or follow it");
    events_app->add_flag("--follow", watched->follow, "Go on until interrupted");
    events_app->add_option("--since", watched->since,
                           "How long ago to begin (5m), a time, or the id of the event before");
    add_hosts(events_app, watched->hosts);
    events_app->add_option("--type", watched->type, "Only of this type: resource.drifted, ...");
    add_timeout(events_app, watched->timeout,
                "Without --follow, the longest silence before it fails: 30s when absent");
    on_parsed(events_app, run, watched, events);

    const auto judged = std::make_shared<ComplianceOptions>();
    CLI::App* compliance_app = app.add_subcommand("compliance", "Show what is as described");
    add_hosts(compliance_app, judged->hosts);
    compliance_app->add_option("--collection", judged->collection, "Only this collection");
    add_status(compliance_app, judged->status);
    add_query(compliance_app, judged->query);
    add_watch(compliance_app, judged->watch);
    on_parsed(compliance_app, run, judged, compliance);
}

void add_explain(CLI::App& app, Run& run) {
    const auto options = std::make_shared<ExplainOptions>();
    CLI::App* explain_app = app.add_subcommand("explain", "Say what a collection's fields mean");
    explain_app->add_option("COLLECTION[.FIELD]", options->path, "files, files.mode, ...")
        ->required();
    add_hosts(explain_app, options->hosts);
    on_parsed(explain_app, run, options, explain);
}

}  // namespace

void add_looking(CLI::App& app, Run& run) {
    add_get(app, run);
    add_describe(app, run);
    add_watching(app, run);
    add_explain(app, run);
}

}  // namespace evenkeel::cli
