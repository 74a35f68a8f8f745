#include "sdk/client/cli/arguments_fleet.hpp"

#include <memory>

#include "sdk/client/cli/arguments.hpp"

namespace evenkeel::cli {
namespace {

void add_folder(CLI::App& app, Run& run) {
    const auto planned = std::make_shared<FolderOptions>();
    CLI::App* plan =
        app.add_subcommand("plan", "Make a plan of manifests of the fleet, and show it");
    add_files(plan, planned->files);
    plan->get_option("--file")->required();
    add_manifest_options(plan, *planned);
    plan->add_flag("--live", planned->live, "Ask up to 100 connected hosts what they would do");
    plan->add_flag("--exit-code", planned->exit_code, "Exit 3 when there are changes");
    on_parsed(plan, run, planned, plan_folder);

    const auto exported = std::make_shared<ExportOptions>();
    CLI::App* write = app.add_subcommand(
        "export", "Write environments, settings, applications and assignments as manifests");
    write->add_option("DIR", exported->folder, "A folder, new or empty")->required();
    write->add_flag("--force", exported->force, "Also into a folder that is not empty");
    on_parsed(write, run, exported, export_folder);
}

std::shared_ptr<PlanOptions> add_plan(CLI::App* plan) {
    auto options = std::make_shared<PlanOptions>();
    plan->add_option("ID", options->id, "Its id")->required();
    return options;
}

void add_plans(CLI::App& app, Run& run) {
    const auto listed = std::make_shared<PlanListOptions>();
    CLI::App* get = group(app, "get", "")->add_subcommand("plans", "Plans")->alias("plan");
    get->add_option("ID", listed->id, "One plan");
    get->add_option("--state", listed->state, "Only those in this state")
        ->check(CLI::IsMember({"open", "approved", "applied", "stale", "rejected", "expired"}));
    add_query(get, listed->query);
    add_watch(get, listed->watch);
    on_parsed(get, run, listed, get_plans);

    CLI::App* describe =
        group(app, "describe", "")->add_subcommand("plan", "A plan: what becomes of hosts");
    const auto described = add_plan(describe);
    describe->add_option("--host", described->host, "What becomes of this host, exactly");
    on_parsed(describe, run, described, describe_plan);

    CLI::App* approve = group(app, "approve", "Let something happen that waits for a second person")
                            ->add_subcommand("plan", "A plan of somebody else, as it is shown");
    const auto approved = add_plan(approve);
    add_yes(approve, approved->yes);
    on_parsed(approve, run, approved, approve_plan);

    CLI::App* reject = group(app, "reject", "")->add_subcommand("plan", "One that is not applied");
    const auto rejected = add_plan(reject);
    add_yes(reject, rejected->yes);
    on_parsed(reject, run, rejected, reject_plan);
}

}  // namespace

void add_manifest_options(CLI::App* app, FolderOptions& options) {
    SourceOptions& source = options.source;
    CLI::Option* name =
        app->add_option("--source", source.name, "Mark what the manifests declare as from NAME")
            ->type_name("NAME");
    CLI::Option* prune =
        app->add_flag("--prune", source.prune,
                      "Delete what is marked as from NAME and is not declared any more")
            ->needs(name);
    app->add_flag("--allow-empty", source.allows_empty, "Also when nothing is declared at all")
        ->needs(prune);
    app->add_option(
           "--allow-files", options.allowed_folders,
           "Manifests may name files in DIR, not only in their own folder; may be repeated")
        ->type_name("DIR")
        ->allow_extra_args(false);
}

void refuse_manifest_options(const FolderOptions& options, bool yes) {
    const auto refuse = [](const char* option) {
        throw CLI::ValidationError(option, "is for manifests of the fleet, without hosts");
    };
    if (!options.source.name.empty()) refuse("--source");
    if (!options.allowed_folders.empty()) refuse("--allow-files");
    if (yes) refuse("--yes");
    if (options.allows_errors) refuse("--allow-errors");
}

void add_yes(CLI::App* app, bool& yes) {
    app->add_flag("-y,--yes", yes, "Without asking");
}

const CLI::App* add_apply_plan(CLI::App* apply, Run& run) {
    apply->require_subcommand(0, 1);
    CLI::App* plan = apply->add_subcommand("plan", "A plan that was made before");
    const auto options = add_plan(plan);
    add_yes(plan, options->yes);
    add_allow_errors(plan, options->allows_errors);
    add_wait(plan, {options->wait, options->wait_asked});
    on_parsed(plan, run, options, apply_plan);
    return plan;
}

void add_fleet(CLI::App& app, Run& run) {
    add_folder(app, run);
    add_plans(app, run);
}

}  // namespace evenkeel::cli
