#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/client/cli/arguments.hpp"
#include "sdk/client/cli/arguments_parts.hpp"
#include "sdk/client/cli/complete.hpp"

namespace evenkeel::cli {
namespace {

void add_manage(CLI::App& app, Run& run) {
    const auto options = std::make_shared<ManageOptions>();
    CLI::App* rename = group(app, "rename", "Rename a host")->add_subcommand("host", "A host");
    rename->add_option("NAME", options->name, "Name or id")->required();
    rename->add_option("NEW", options->new_name, "The new name")->required();
    on_parsed(rename, run, options, rename_host);

    const auto retired = std::make_shared<PlaceOptions>();
    CLI::App* retire = group(app, "retire", "Cut a host off")->add_subcommand("host", "A host");
    retire->add_option("NAME", retired->host, "Name or id")->required();
    add_model_change(retire, *retired);
    on_parsed(retire, run, retired, retire_host);

    CLI::App* release = group(app, "release", "Let others have what is kept")
                            ->add_subcommand("name", "The name of a retired host");
    release->add_option("HOST", options->name, "Its name or id")->required();
    on_parsed(release, run, options, release_name);

    CLI::App* cancel =
        group(app, "cancel", "Stop a command")->add_subcommand("command", "A command");
    cancel->add_option("ID", options->name, "Its id")->required();
    on_parsed(cancel, run, options, cancel_command);

    CLI::App* token = group(app, "create", "Make something")
                          ->add_subcommand("enrolment-token", "What a new host enrols with");
    token->add_option("--name", options->name, "A name to know it by");
    token->add_option("--uses", options->uses, "How many hosts may use it")
        ->check(CLI::Range(1, 1'000'000));
    token->add_option("--expires-in", options->expires_in, "How long it holds: 1h")
        ->type_name("TIME");
    token
        ->add_option("--replaces", options->replaces,
                     "The host whose place the machine takes: name, labels and descriptions")
        ->type_name("HOST");
    token->add_option("--environment", options->environment, "Where the host is: prod/eu")
        ->type_name("PATH");
    token->add_option("--label", options->labels, "name=value for the host; may be repeated")
        ->allow_extra_args(false);
    on_parsed(token, run, options, create_enrolment_token);
}

void add_enrolment(CLI::App& app, Run& run) {
    const auto listed = std::make_shared<TokenOptions>();
    CLI::App* get = group(app, "get", "")
                        ->add_subcommand("enrolment-tokens", "What new hosts enrol with")
                        ->alias("enrolment-token");
    get->add_option("ID", listed->id, "One token");
    add_query(get, listed->query);
    on_parsed(get, run, listed, get_enrolment_tokens);

    const auto approved = std::make_shared<TokenOptions>();
    CLI::App* approve =
        group(app, "approve", "")
            ->add_subcommand("enrolment-token", "One of somebody else for a protected environment");
    approve->add_option("ID", approved->id, "Its id")->required();
    on_parsed(approve, run, approved, approve_enrolment_token);

    const auto revoked = std::make_shared<TokenOptions>();
    CLI::App* revoke = group(app, "revoke", "Take a right back")
                           ->add_subcommand("enrolment-token", "A token that hosts enrol with");
    revoke->add_option("ID", revoked->id, "Its id")->required();
    on_parsed(revoke, run, revoked, revoke_enrolment_token);

    const auto none = std::make_shared<ManageOptions>();
    CLI::App* ca =
        group(app, "get", "")
            ->add_subcommand("ca",
                             "The fingerprint of the CA that hosts trust, and where they enrol");
    on_parsed(ca, run, none, get_ca);
}

void add_api(CLI::App& app, Run& run) {
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
    completion->add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->callback([&run, shell] {
        run = [shell](Session& session) { return print_completion(session.output(), *shell); };
    });
}

void add_version(CLI::App& app, Run& run) {
    const auto options = std::make_shared<VersionOptions>();
    CLI::App* version_app =
        app.add_subcommand("version", "Show the versions of ek and orchestrator");
    version_app->add_flag("--client", options->client, "Do not ask the orchestrator");
    on_parsed(version_app, run, options, version);
}

}  // namespace

void add_managing(CLI::App& app, Run& run) {
    add_manage(app, run);
    add_enrolment(app, run);
    add_api(app, run);
    add_contexts(app, run);
    add_completion(app, run);
    add_version(app, run);
}

}  // namespace evenkeel::cli
