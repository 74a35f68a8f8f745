#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/client/cli/arguments.hpp"
#include "sdk/client/cli/arguments_parts.hpp"
#include "sdk/client/cli/manifests/objects.hpp"

// What is said once about many hosts, and what comes of it.
namespace evenkeel::cli {
namespace {

struct KindWords {
    ObjectKind kind;
    const char* one;  // with its article
    const char* many;
    const char* text;
    Exit (*get)(Session&, const ObjectQuery&);
};
constexpr KindWords kKinds[] = {
    {ObjectKind::environment, "An environment", "environments", "Environments of hosts",
     get_environments},
    {ObjectKind::setting, "A setting", "settings", "Settings, of all scopes or of one",
     get_settings},
    {ObjectKind::application, "An application", "applications", "Applications", get_applications},
    {ObjectKind::assignment, "An assignment", "assignments", "Assignments of applications to hosts",
     get_assignments},
};

constexpr const char* kScope = "global, environment:PATH, host:NAME or assignment:NAME";

std::string name_of(ObjectKind kind) {
    return std::string(to_string(kind));
}

void add_get(CLI::App& app, Run& run) {
    CLI::App* get = group(app, "get", "");
    for (const KindWords& kind : kKinds) {
        const auto options = std::make_shared<ObjectQuery>();
        CLI::App* list = get->add_subcommand(kind.many, kind.text)->alias(name_of(kind.kind));
        if (kind.kind == ObjectKind::setting) {
            list->add_option("SCOPE", options->scope, kScope);
            list->add_option("KEY", options->name, "One setting of it");
        } else {
            list->add_option("NAME", options->name, "Only this one");
        }
        add_query(list, options->query);
        add_watch(list, options->watch);
        on_parsed(list, run, options, kind.get);
    }
    const auto options = std::make_shared<ObjectQuery>();
    CLI::App* versions = get->add_subcommand("versions", "The versions of an application");
    versions->add_option("APPLICATION", options->scope, "Its name")->required();
    versions->add_option("VERSION", options->name, "Only this one")->check(CLI::PositiveNumber);
    add_query(versions, options->query);
    add_watch(versions, options->watch);
    on_parsed(versions, run, options, get_versions);
}

void add_setting_name(CLI::App* app, ObjectOptions& object) {
    app->add_option("SCOPE", object.scope, kScope)->required();
    app->add_option("KEY", object.name, "Its key: port, or nginx:port for one application alone")
        ->required();
}

// For each kind a subcommand of the verb.
void add_verb(CLI::App* verb, Run& run, bool changes,
              Exit (*command)(Session&, const ObjectOptions&)) {
    for (const KindWords& kind : kKinds) {
        const auto options = std::make_shared<ObjectOptions>();
        options->kind = kind.kind;
        CLI::App* one = verb->add_subcommand(name_of(kind.kind), kind.one);
        if (kind.kind == ObjectKind::setting) add_setting_name(one, *options);
        else one->add_option("NAME", options->name, "Its name")->required();
        if (changes) add_model_change(one, *options);
        on_parsed(one, run, options, command);
    }
}

void add_value(CLI::App* app, SettingOptions& options) {
    CLI::Option* value = app->add_option(
        "VALUE", options.value,
        "JSON when it begins with {, [ or \"; true, false and whole numbers are what they look "
        "like; all else is text");
    app->add_option("--file", options.file, "FILE with the value, - for standard input")
        ->type_name("FILE")
        ->excludes(value);
    app->add_flag("--secret", options.is_secret,
                  "Seal it and show it to nobody; the text of --file or of standard input");
    CLI::Option* text = app->add_flag_callback(
        "--text", [&options] { options.as = SettingOptions::As::text; }, "The value is text");
    app->add_flag_callback(
           "--json", [&options] { options.as = SettingOptions::As::json; }, "The value is JSON")
        ->excludes(text);
    app->add_option("--link", options.link, "The setting whose value it has")
        ->expected(2)
        ->type_name("SCOPE KEY");
}

void add_settings(CLI::App& app, Run& run) {
    CLI::App* settings = group(app, "settings", "Set values of applications, or explain them");

    const auto wanted = std::make_shared<SettingOptions>();
    wanted->kind = ObjectKind::setting;
    CLI::App* set = settings->add_subcommand("set", "Make a setting, or replace it");
    add_setting_name(set, *wanted);
    add_value(set, *wanted);
    add_model_change(set, *wanted);
    on_parsed(set, run, wanted, set_setting);

    const auto unwanted = std::make_shared<ObjectOptions>();
    unwanted->kind = ObjectKind::setting;
    CLI::App* unset = settings->add_subcommand("unset", "Delete a setting");
    add_setting_name(unset, *unwanted);
    add_model_change(unset, *unwanted);
    on_parsed(unset, run, unwanted, delete_object);

    const auto asked = std::make_shared<SettingOptions>();
    CLI::App* explain = settings->add_subcommand("explain",
                                                 "Say where a host's value comes from, and what it "
                                                 "overrides");
    explain->add_option("HOST", asked->host, "Name or id")->required();
    explain->add_option("KEY", asked->name, "Only this key");
    explain
        ->add_option("--assignment", asked->assignment,
                     "As the application of this assignment has it")
        ->type_name("NAME");
    on_parsed(explain, run, asked, explain_setting);
}

void add_outcome(CLI::App& app, Run& run) {
    const auto rendered = std::make_shared<RenderOptions>();
    CLI::App* render = app.add_subcommand("render", "Show what a host shall have, compiled now");
    render->add_option("HOST", rendered->host, "Name or id")->required();
    render->add_option("COLLECTION", rendered->collection, "Only this collection");
    render->add_option("ID", rendered->id, "One resource of it");
    on_parsed(render, run, rendered, render_host);

    const auto counted = std::make_shared<ObjectOptions>();
    counted->kind = ObjectKind::setting;
    CLI::App* impact_app = app.add_subcommand(
        "impact", "Show on which hosts and resources a setting counts, or would");
    add_setting_name(impact_app, *counted);
    on_parsed(impact_app, run, counted, impact);

    const auto made = std::make_shared<NewApplicationOptions>();
    CLI::App* application =
        group(app, "new", "Begin a folder of manifests")
            ->add_subcommand("application", "An application that works, to be changed");
    application->add_option("NAME", made->name, "Its name, and the folder's")->required();
    on_parsed(application, run, made, new_application);
}

void add_create(CLI::App& app, Run& run) {
    const auto options = std::make_shared<NewEnvironmentOptions>();
    CLI::App* made =
        group(app, "create", "")->add_subcommand("environment", "An environment for hosts");
    made->add_option("NAME", options->name, "Its path: prod/eu, where prod is there")->required();
    made->add_option("--note", options->note, "What it is for");
    made->add_flag("--protected", options->is_protected,
                   "What changes hosts in it needs a second person");
    on_parsed(made, run, options, create_environment);
}

// A host's labels, and its environment.
void add_placing(CLI::App& app, Run& run) {
    const auto labelled = std::make_shared<PlaceOptions>();
    CLI::App* label = group(app, "label", "Label a host")->add_subcommand("host", "A host");
    label->add_option("NAME", labelled->host, "Name or id")->required();
    CLI::Option* labels =
        label->add_option("LABEL", labelled->labels, "name=value, or name- to take it away");
    label->add_option("--environment", labelled->environment, "Move it there in the same edit")
        ->type_name("PATH");
    labels->required();
    add_model_change(label, *labelled);
    on_parsed(label, run, labelled, place_host);

    const auto moved = std::make_shared<PlaceOptions>();
    CLI::App* move =
        group(app, "move", "Move a host into an environment")->add_subcommand("host", "A host");
    move->add_option("NAME", moved->host, "Name or id")->required();
    move->add_option("ENVIRONMENT", moved->environment, "Its path: prod/eu")->required();
    add_model_change(move, *moved);
    on_parsed(move, run, moved, place_host);
}

}  // namespace

CLI::Option* add_allow_errors(CLI::App* app, bool& allows_errors) {
    return app->add_flag("--allow-errors", allows_errors,
                         "Also when hosts would not compile any more; they keep what they have");
}

void add_model_change(CLI::App* app, ModelChangeOptions& options) {
    add_wait(app, {options.wait, options.wait_asked});
    app->add_option("--idempotency-key", options.key,
                    "Has its effect once, however often this is run with the same key");
    CLI::Option* dry_run =
        app->add_flag("--dry-run", options.dry_run, "Only show what it would do to hosts");
    CLI::Option* errors = add_allow_errors(app, options.allows_errors);
    app->add_flag(
           "--plan", options.plan_only,
           "Only make a plan of it, which somebody else approves: for protected environments")
        ->excludes(dry_run, errors, app->get_option("--wait"), app->get_option("--no-wait"));
}

void add_model(CLI::App& app, Run& run) {
    add_get(app, run);
    add_verb(group(app, "describe", ""), run, false, describe_object);
    add_create(app, run);
    add_verb(group(app, "edit", ""), run, true, edit_object);
    add_verb(group(app, "delete", ""), run, true, delete_object);
    add_settings(app, run);
    add_placing(app, run);
    add_outcome(app, run);
}

}  // namespace evenkeel::cli
