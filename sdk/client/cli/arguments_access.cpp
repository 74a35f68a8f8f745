#include <memory>

#include <CLI/CLI.hpp>

#include "sdk/client/cli/arguments.hpp"
#include "sdk/client/cli/arguments_parts.hpp"

namespace evenkeel::cli {
namespace {

void add_tokens(CLI::App& app, Run& run) {
    const auto options = std::make_shared<TokenOptions>();
    CLI::App* get =
        group(app, "get", "")->add_subcommand("tokens", "Tokens of the API")->alias("token");
    get->add_option("ID", options->id, "One token");
    add_query(get, options->query);
    on_parsed(get, run, options, get_tokens);

    CLI::App* make = group(app, "create", "Make something")
                         ->add_subcommand("token", "What a person or program calls the API with");
    make->add_option("--name", options->name, "Whose it is")->required();
    make->add_option("--role", options->role, "viewer, operator or admin")
        ->required()
        ->check(CLI::IsMember({"viewer", "operator", "approver", "admin"}));
    make->add_option("--expires-in", options->expires_in, "How long it holds: 90d")
        ->type_name("TIME");
    make->add_option("--out", options->out, "Write the secret into this new file, mode 0600");
    on_parsed(make, run, options, create_token);

    CLI::App* revoke = group(app, "revoke", "Take a right back")
                           ->add_subcommand("token", "A token: it counts no more, at once");
    revoke->add_option("ID", options->id, "Its id")->required();
    on_parsed(revoke, run, options, revoke_token);
}

void add_enrolments(CLI::App& app, Run& run) {
    const auto options = std::make_shared<EnrolmentOptions>();
    CLI::App* get = group(app, "get", "")
                        ->add_subcommand("enrolments", "How hosts come in")
                        ->alias("enrolment");
    get->add_option("ID", options->id, "One enrolment");
    get->add_option("--state", options->state, "Only those in this state")
        ->check(CLI::IsMember({"pending", "active", "rejected", "held", "retired"}));
    add_query(get, options->query);
    add_watch(get, options->watch);
    on_parsed(get, run, options, get_enrolments);

    CLI::App* accept = group(app, "accept", "Let a host in")
                           ->add_subcommand("enrolment", "One that is pending or rejected");
    accept->add_option("ID", options->id, "Its id")->required();
    accept->add_option("--name", options->name, "The host's name; else the one that it claims");
    accept->add_option("--label", options->labels, "name=value for the host; may be repeated")
        ->allow_extra_args(false);
    on_parsed(accept, run, options, accept_enrolment);

    CLI::App* reject = group(app, "reject", "Keep a host out, or a plan from being applied")
                           ->add_subcommand("enrolment", "One that is pending");
    reject->add_option("ID", options->id, "Its id")->required();
    on_parsed(reject, run, options, reject_enrolment);
}

}  // namespace

void add_access(CLI::App& app, Run& run) {
    add_tokens(app, run);
    add_enrolments(app, run);
    const auto options = std::make_shared<AuditOptions>();
    CLI::App* audited = app.add_subcommand("audit", "Show who has changed what, or verify it");
    audited->add_option("--since", options->since, "A time, or how long ago: 7d");
    audited->add_option("--filter", options->filter, "Like 'outcome = denied'");
    audited->add_option("--limit", options->limit, "The newest so many")
        ->check(CLI::Range(1, 1'000'000));
    CLI::Option* verify = audited->add_flag("--verify", options->verify,
                                            "Recompute the whole chain; exit 1 when it is broken");
    audited
        ->add_option("--head", options->head,
                     "Compare with the end kept in FILE, and keep the new one there")
        ->needs(verify);
    on_parsed(audited, run, options, audit);
}

}  // namespace evenkeel::cli
