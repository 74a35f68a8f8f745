#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/client/cli/arguments.hpp"
#include "sdk/client/cli/arguments_fleet.hpp"
#include "sdk/client/cli/arguments_parts.hpp"

namespace evenkeel::cli {
namespace {

void add_waiting(CLI::App* app, ChangeOptions& options) {
    add_hosts(app, options.hosts);
    add_wait(app, {options.wait, options.wait_asked});
    app->add_option("--idempotency-key", options.key,
                    "Has its effect once, however often this is run with the same key");
}

// Of a command that has --dry-run, if at all, already.
CLI::Option* add_plan(CLI::App* app, ChangeOptions& options) {
    CLI::Option* plan = app->add_flag(
        "--plan", options.plan_only,
        "Only make a plan of it, which somebody else approves: for protected environments");
    plan->excludes(app->get_option("--wait"), app->get_option("--no-wait"));
    if (CLI::Option* dry_run = app->get_option_no_throw("--dry-run")) plan->excludes(dry_run);
    return plan;
}

void add_shown(CLI::App* app, ChangeOptions& options) {
    app->add_flag("--changed-only", options.changed_only, "Show no resource that stays as it is");
}

// Of manifests a plan is made once, by its content.
void refuse_resource_options(const ChangeOptions& options) {
    if (!options.key.empty())
        throw CLI::ValidationError("--idempotency-key", "is for resources of hosts");
    if (options.plan_only)
        throw CLI::ValidationError("--plan",
                                   "is for resources of hosts; of manifests: ek plan -f DIR");
}

void add_change(CLI::App& app, Run& run) {
    const auto options = std::make_shared<ApplyOptions>();
    CLI::App* apply_app = app.add_subcommand(
        "apply", "Describe the resources of files on hosts, or apply manifests of the fleet");
    add_files(apply_app, options->files);
    add_waiting(apply_app, *options);
    apply_app->add_flag("--dry-run", options->dry_run, "Only say what would be done");
    CLI::Option* plan_only = add_plan(apply_app, *options);
    add_shown(apply_app, *options);
    apply_app
        ->add_option("--target", options->target,
                     "All hosts that a filter finds, with one request: 'labels.role = web'")
        ->type_name("FILTER")
        ->excludes(apply_app->get_option("--host"), apply_app->get_option("--selector"), plan_only);
    const auto folder = std::make_shared<FolderOptions>();
    add_manifest_options(apply_app, *folder);
    add_yes(apply_app, folder->yes);
    add_allow_errors(apply_app, folder->allows_errors);
    const CLI::App* plan = add_apply_plan(apply_app, run);
    apply_app->callback([&run, plan, options, folder] {
        if (plan->parsed()) return;
        if (options->files.empty()) throw CLI::RequiredError("'plan' or -f FILE");
        if (!options->target.empty() || !options->hosts.empty()) {
            refuse_manifest_options(*folder, folder->yes);
            run = [options](Session& session) { return apply(session, *options); };
            return;
        }
        refuse_resource_options(*options);
        folder->files = options->files;
        folder->wait = options->wait;
        folder->wait_asked = options->wait_asked;
        run = [folder, dry_run = options->dry_run](Session& session) {
            return dry_run ? plan_folder(session, *folder) : apply_folder(session, *folder);
        };
    });

    const auto diff_options = std::make_shared<ApplyOptions>();
    diff_options->dry_run = true;
    CLI::App* diff = app.add_subcommand(
        "diff", "Say what applying files would change on hosts, or how manifests differ");
    add_files(diff, diff_options->files);
    diff->get_option("--file")->required();
    add_hosts(diff, diff_options->hosts);
    diff->add_flag("--exit-code", diff_options->exit_code, "Exit 3 when there are changes");
    add_shown(diff, *diff_options);
    const auto differing = std::make_shared<FolderOptions>();
    add_manifest_options(diff, *differing);
    diff->callback([&run, diff_options, differing] {
        if (!diff_options->hosts.empty()) {
            refuse_manifest_options(*differing);
            run = [diff_options](Session& session) { return apply(session, *diff_options); };
            return;
        }
        differing->files = diff_options->files;
        differing->exit_code = diff_options->exit_code;
        run = [differing](Session& session) { return diff_folder(session, *differing); };
    });
}

CLI::App* add_one(CLI::App* group, ResourceOptions& options, bool dry_run) {
    CLI::App* resource = group->add_subcommand("resource", "A resource");
    resource->add_option("COLLECTION", options.collection, "Its collection")->required();
    resource->add_option("ID", options.id, "Its id, such as /etc/motd")->required();
    add_waiting(resource, options);
    if (dry_run) resource->add_flag("--dry-run", options.dry_run, "Only say what would be done");
    return resource;
}

// Instead of the subcommand: all that files describe.
std::shared_ptr<ApplyOptions> add_files_instead(CLI::App* group, Run& run,
                                                Exit (*command)(Session&, const ApplyOptions&)) {
    auto all = std::make_shared<ApplyOptions>();
    add_files(group, all->files);
    add_waiting(group, *all);
    group->require_subcommand(0, 1);
    group->callback([group, &run, all, command] {
        if (!group->get_subcommands().empty()) return;
        if (all->files.empty()) throw CLI::RequiredError("'resource' or -f FILE");
        require_hosts(all->hosts);
        run = [all, command](Session& session) { return command(session, *all); };
    });
    return all;
}

void add_override(CLI::App* app, ChangeOptions& options) {
    app->add_flag("--override", options.overrides, "Also what an assignment owns, until ek forget");
}

void add_delete(CLI::App& app, Run& run) {
    CLI::App* remove =
        group(app, "delete", "Remove resources from hosts, or what is said of hosts");
    const auto one = std::make_shared<ResourceOptions>();
    CLI::App* resource = add_one(remove, *one, true);
    add_override(resource, *one);
    add_plan(resource, *one);
    on_parsed_with_hosts(resource, run, one, one->hosts, delete_resource);

    const auto all = add_files_instead(remove, run, delete_files);
    remove->add_flag("--dry-run", all->dry_run, "Only say what would be done");
    add_plan(remove, *all);
}

void add_forget(CLI::App& app, Run& run) {
    const auto options = std::make_shared<ResourceOptions>();
    CLI::App* forget = group(app, "forget", "Drop descriptions, leave the machine alone");
    CLI::App* resource = add_one(forget, *options, false);
    add_plan(resource, *options);
    on_parsed_with_hosts(resource, run, options, options->hosts, forget_resource);
    add_plan(forget, *add_files_instead(forget, run, forget_files));
}

void add_history(CLI::App& app, Run& run) {
    const auto asked = std::make_shared<HistoryOptions>();
    CLI::App* history_app = app.add_subcommand("history", "Show what a resource was described as");
    history_app->add_option("COLLECTION", asked->collection, "Its collection")->required();
    history_app->add_option("ID", asked->id, "Its id")->required();
    history_app->add_option("--host", asked->host, "The host")->required();
    on_parsed(history_app, run, asked, history);

    const auto former = std::make_shared<RollbackOptions>();
    CLI::App* rollback_app = app.add_subcommand("rollback", "Describe a resource as it was before");
    rollback_app->add_option("COLLECTION", former->collection, "Its collection")->required();
    rollback_app->add_option("ID", former->id, "Its id")->required();
    rollback_app
        ->add_option("--to", former->revision,
                     "A revision of its history (default: the last other)")
        ->check(CLI::PositiveNumber);
    add_waiting(rollback_app, *former);
    rollback_app->add_flag("--dry-run", former->dry_run, "Only say what would be done");
    add_override(rollback_app, *former);
    on_parsed_with_hosts(rollback_app, run, former, former->hosts, rollback);
}

void add_edit(CLI::App& app, Run& run) {
    const auto options = std::make_shared<EditOptions>();
    CLI::App* edit_app = group(app, "edit", "Change something in your editor (VISUAL, EDITOR)");
    CLI::App* resource = add_one(edit_app, *options, true);
    add_override(resource, *options);
    on_parsed_with_hosts(resource, run, options, options->hosts, edit);
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
    on_parsed_with_hosts(invoke_app, run, action, action->hosts, invoke);

    const auto waited = std::make_shared<WaitOptions>();
    CLI::App* wait_app = app.add_subcommand("wait", "Wait for a host's state or a command's end");
    wait_app->add_option("TARGET", waited->target, "host/NAME or command/ID")->required();
    wait_app
        ->add_option("--for", waited->conditions,
                     "connection=online, compliance=compliant, ...; may be repeated")
        ->allow_extra_args(false);
    add_timeout(wait_app, waited->timeout, "How long at most: 60s when absent");
    on_parsed(wait_app, run, waited, wait);
}

}  // namespace

void add_changing(CLI::App& app, Run& run) {
    add_change(app, run);
    add_delete(app, run);
    add_forget(app, run);
    add_history(app, run);
    add_edit(app, run);
    add_doing(app, run);
}

}  // namespace evenkeel::cli
