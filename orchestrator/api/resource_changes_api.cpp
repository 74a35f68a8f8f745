#include <utility>

#include "core/secrets/redactor.hpp"
#include "core/secrets/secret_fields.hpp"
#include "orchestrator/api/description_requests.hpp"
#include "orchestrator/api/model_edits.hpp"
#include "orchestrator/api/owned.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/api/request_bodies.hpp"
#include "orchestrator/api/submit_command.hpp"
#include "orchestrator/commands/mirrors.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/resources.hpp"

// Changing /v1/hosts/{h}/resources/{collection}/{id}, and POST /v1/hosts/{h}:apply
namespace evenkeel::api {
namespace {

using http::Request;
using Responder = std::shared_ptr<http::Responder>;

// What every one of these routes begins with.
struct Target {
    state::Host host;
    wire::Ref ref;
    std::optional<state::Resource> resource;
    bool dry_run = false;
    commands::Authority authority{};
};

ApiResult<Target> read_target(const state::View& view, const Request& request) {
    Target target;
    target.dry_run = EK_API_TRY(is_dry_run(request));
    target.authority = EK_API_TRY(read_authority(request));
    target.host = EK_API_TRY(require_active_host(view, request));
    target.ref = {request.at("collection"), request.at("id")};
    return target;
}

ApiResult<Target> find_target(const Context& context, const state::View& view,
                              const Request& request) {
    Target target = EK_API_TRY(read_target(view, request));
    target.resource = EK_API_TRY(find_described(context, view, target.host, target.ref));
    return target;
}

// The same where the collection must be there now, with what the request describes.
struct PutTarget : Target {
    commands::DescriptionRequest description;
    // The number of the present description, when it must still be that; else 0.
    std::uint64_t present = 0;
};
ApiResult<PutTarget> read_put_target(const Context& context, const state::View& view,
                                     const Request& request, bool one_of_several) {
    PutTarget target{EK_API_TRY(read_target(view, request)), {}, 0};
    const CollectionSchema collection =
        EK_API_TRY(find_collection(context, view, target.host, target.ref.collection));
    if (state::fits(target.ref)) {
        target.resource = EK_API_TRY(view.resources().find(target.host.id, target.ref));
    }
    target.description =
        EK_API_TRY(read_description_request(context, view, target.host, target.ref, collection,
                                            target.resource, request, one_of_several));
    return target;
}
ApiResult<PutTarget> find_put_target(const Context& context, const state::View& view,
                                     const Request& request) {
    return read_put_target(context, view, request, false);
}

wire::ResourceRequest request_for(const wire::Ref& ref) {
    wire::ResourceRequest entry;
    entry.ref = ref;
    return entry;
}

wire::ResourceRequest request_for(const commands::DescriptionRequest& described) {
    wire::ResourceRequest entry = request_for(described.ref);
    entry.description = described.description;
    entry.policy = described.policy;
    entry.relations = described.relations;
    return entry;
}

// The preconditions of a dry run, which changes nothing that could check them.
bool may_plan(const CommandSubmission& submission, const std::optional<state::Resource>& resource) {
    if (submission.requester.guard(resource)) return true;
    submission.responder->send(**submission.refused);
    return false;
}

bool is_sensitive(const json::Value& description) {
    return description.bool_or("sensitive") || secrets::has_redacted(description);
}

// Whether what is there has a secret, as it was described or seen.
ApiResult<bool> has_secret(const Context& context, const state::View& view, const std::string& host,
                           const state::Resource& there, const schema::Schema* schema) {
    if (secrets::has_redacted(there.state)) return true;
    if (there.body == 0) return false;
    const state::Body body = EK_API_TRY(view.bodies().get(there.body));
    return is_sensitive(EK_API_TRY(context.protector.redacted(
        {host, there.ref.collection, there.ref.id}, body.description, schema)));
}

// Whether a plan of this would compare a secret, given or there. Asked before the host is: what it
// plans for a right guess is no change, which must not tell a reader that the guess is right.
ApiResult<bool> compares_secret(const Context& context, const state::View& view,
                                const std::string& host,
                                const commands::DescriptionRequest& wanted) {
    if (is_sensitive(wanted.description)) return true;
    if (!secrets::secret_pointers(wanted.schema.get(), wanted.description).empty()) return true;
    const auto there = EK_API_TRY(view.resources().find(host, wanted.ref));
    return there ? has_secret(context, view, host, *there, wanted.schema.get()) : false;
}

// Answers and says false where the change itself would be refused.
bool may_go_on(const CommandSubmission& submission, const Result<void>& checked) {
    if (checked) return true;
    if (*submission.refused) submission.responder->send(**submission.refused);
    else submission.responder->send(change_problem(checked.error()));
    return false;
}

bool is_uncontradicted(const CommandSubmission& submission, const state::View& view,
                       const std::vector<commands::DescriptionRequest>& all) {
    return may_go_on(submission, commands::refuse_contradictions(view, submission.context.protector,
                                                                 submission.requester.host, all));
}

// Notes those of which the caller may not see the plan.
ApiResult<bool> withhold(CommandSubmission& submission, const state::View& view,
                         const std::vector<commands::DescriptionRequest>& all) {
    if (submission.may_write) return true;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool compares = EK_API_TRY(
            compares_secret(submission.context, view, submission.requester.host, all[i]));
        if (compares) submission.withheld.emplace_back(i, all[i].ref);
    }
    return true;
}

// Plans all of them, but those of which the caller may not see the plan.
void plan_descriptions(CommandSubmission& submission, const state::View& view,
                       const std::vector<commands::DescriptionRequest>& all) {
    if (!may_go_on(submission, commands::refuse_present(view, submission.requester, all))) return;
    if (const auto done = withhold(submission, view, all); !done)
        return submission.responder->send(done.error());
    if (submission.withheld.size() == all.size()) return deny_secret_plan(submission);
    if (!is_uncontradicted(submission, view, all)) return;
    std::vector<wire::ResourceRequest> entries;
    auto withheld = submission.withheld.begin();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (withheld != submission.withheld.end() && withheld->first == i) ++withheld;
        else entries.push_back(request_for(all[i]));
    }
    if (submission.withheld.empty()) return plan(submission, wire::Verb::apply, entries);
    deny_secret_plans(submission, [submission, entries = std::move(entries)] {
        plan(submission, wire::Verb::apply, entries);
    });
}

// Refuses the change when the resource has another description than this one by then.
void require_present(CommandSubmission& submission, std::uint64_t body) {
    submission.requester.guard =
        [guard = submission.requester.guard, refused = submission.refused,
         body](const std::optional<state::Resource>& there) -> Result<void> {
        EK_CHECK(guard(there));
        const auto same = commands::require_description(there, body);
        if (!same) *refused = change_problem(same.error());
        return same;
    };
}

using FindTarget = ApiResult<PutTarget>(const Context&, const state::View&, const Request&);

void describe_resource(Context& context, const Request& request, const Responder& responder,
                       FindTarget& find) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    auto target = find(context, *view, request);
    if (!target) return responder->send(target.error());
    CommandSubmission asked = submission(context, request, target->host.id, responder);
    asked.requester.authority = target->authority;
    if (target->present != 0) require_present(asked, target->present);
    if (target->dry_run) {
        return plan_descriptions(asked, *view, {target->description});
    }
    std::vector<commands::DescriptionRequest> all;
    all.push_back(std::move(target->description));
    all.front().prepared = commands::prepare(context.protector, target->host.id, all.front());
    submit_command(std::move(asked), [&protector = context.protector, all = std::move(all)](
                                         state::Edit& edit, const commands::Requester& requester) {
        return commands::describe(edit, protector, requester, all);
    });
}

// The present description and its history, as far as it reads.
ApiResult<std::vector<state::Body>> read_history(const state::View& view, const Target& target) {
    const wire::Ref& ref = target.ref;
    if (!target.resource) {
        return refuse(http::Code::not_found, ref.collection + " " + ref.id + " is not described");
    }
    std::vector<std::uint64_t> numbers{target.resource->body};
    const auto former = EK_API_TRY(view.bodies().history(target.host.id, ref));
    numbers.insert(numbers.end(), former.begin(), former.end());
    std::vector<state::Body> all;
    for (const std::uint64_t number : numbers) {
        auto body = view.bodies().get(number);
        if (body) all.push_back(*std::move(body));
    }
    return all;
}

ApiResult<state::Body> find_former(const std::vector<state::Body>& history, const Target& target,
                                   std::uint64_t revision) {
    for (const state::Body& body : history) {
        if (revision != 0 && body.generation.revision == revision) return body;
    }
    return refuse(http::Code::not_found, "the history of " + target.ref.collection + " " +
                                             target.ref.id + " has no revision " +
                                             std::to_string(revision));
}

// What has been described as a secret is not shown by way of the description before that.
ApiResult<bool> refuse_unmarking(const Context& context, const Target& target,
                                 const CollectionSchema& collection,
                                 const std::vector<state::Body>& history,
                                 const state::Body& former) {
    std::vector<json::Value> stored;
    for (const state::Body& body : history) stored.push_back(body.description);
    const auto shown = EK_API_TRY(
        context.protector.shows_secrets_of({target.host.id, target.ref.collection, target.ref.id},
                                           former.description, stored, collection.schema.get()));
    Findings findings;
    for (const std::string& pointer : shown) {
        findings.invalid("/description" + pointer,
                         "this value has been described as a secret; describe it anew");
    }
    if (!findings.empty()) return refuse(findings.problem());
    return true;
}

ApiResult<PutTarget> find_rollback_target(const Context& context, const state::View& view,
                                          const Request& request) {
    PutTarget target{EK_API_TRY(find_target(context, view, request)), {}, 0};
    const RollbackRequest asked = EK_API_TRY(read_rollback_request(request.json));
    const std::vector<state::Body> history = EK_API_TRY(read_history(view, target));
    const state::Body former = EK_API_TRY(find_former(history, target, asked.revision));
    const CollectionSchema collection =
        EK_API_TRY(check_ref(context, view, target.host, target.ref));
    EK_API_TRY(refuse_unmarking(context, target, collection, history, former));
    target.present = target.resource->body;
    target.description =
        EK_API_TRY(repeat_description(context, view, target.host, collection, former));
    return target;
}

// DELETE and :forget: for what is described only, and not by the host itself.
std::optional<http::Problem> not_to_drop(const Target& target) {
    if (!target.resource) {
        return http::Problem{
            .code = http::Code::not_found,
            .detail = target.ref.collection + " " + target.ref.id + " is not described"};
    }
    if (target.resource->origin != wire::Origin::local) return std::nullopt;
    return http::Problem{.code = http::Code::invalid_state,
                         .detail = "the description is the host's own; change it there"};
}

bool may_drop(const CommandSubmission& submission, const Target& target) {
    if (!may_plan(submission, target.resource)) return false;
    const auto problem = not_to_drop(target);
    if (problem) submission.responder->send(*problem);
    return !problem;
}

// What a dry run of DELETE and :forget is told beside what the host says: what requires it is no
// reason to refuse, for it may go before, as with a FILE that is deleted.
Result<void> add_notes(CommandSubmission& asked, const state::View& view, const Target& target) {
    std::string words = EK_TRY(commands::words_of_dependents(view, target.host.id, target.ref));
    if (!words.empty()) asked.notes.push_back(std::move(words));
    return {};
}

void plan_forgetting(CommandSubmission& asked, const state::Resource& resource) {
    wire::ResourceResult untouched;
    untouched.ref = resource.ref;
    untouched.generation = resource.generation;
    if (resource.overrides) {
        asked.notes.emplace_back("it is described again by " + state::words_of(resource.owners));
    }
    answer_planned(asked, wire::Verb::forget, {std::move(untouched)});
}

void drop_resource(Context& context, const Request& request, const Responder& responder,
                   bool remove) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto target = find_target(context, *view, request);
    if (!target) return responder->send(target.error());
    CommandSubmission asked = submission(context, request, target->host.id, responder);
    asked.requester.authority = target->authority;
    if (target->dry_run) {
        if (!may_drop(asked, *target)) return;
        const state::Resource& there = *target->resource;
        if (!remove && there.overrides) return plan_forgetting(asked, there);
        if (!may_go_on(asked, commands::refuse_owned(asked.requester, there))) return;
        const auto noted = add_notes(asked, *view, *target);
        if (!noted) return responder->send(noted.error());
        if (remove) return plan(asked, wire::Verb::remove, {request_for(target->ref)});
        return plan_forgetting(asked, there);
    }
    submit_command(std::move(asked), [&protector = context.protector, remove, ref = target->ref](
                                         state::Edit& edit, const commands::Requester& requester) {
        return remove ? commands::remove(edit, protector, requester, ref)
                      : commands::forget(edit, requester, ref);
    });
}

// The same requests as parts of a plan.
using plans::ResourceEdit;

// Writes to `refused`.
commands::Requester planned_by(const ResourceEdit& edit, std::optional<http::Problem>& refused) {
    return {.host = edit.host,
            .request_id = "",
            .authority = edit.authority,
            .on_owned = [&refused](const state::Resource& owned, const std::string& at) {
                add_owned(refused, owned, at);
            }};
}

ApiResult<ModelEdit> as_edit(ResourceEdit one, const std::optional<http::Problem>& refused,
                             const Result<void>& checked) {
    if (refused) return refuse(*refused);
    if (!checked) return refuse(change_problem(checked.error()));
    ModelEdit edit;
    edit.resources.push_back(std::move(one));
    return edit;
}

ApiResult<ModelEdit> plan_putting(const Context& context, const state::View& view,
                                  const Request& request) {
    PutTarget target = EK_API_TRY(read_put_target(context, view, request, true));
    ResourceEdit one{.host = target.host.id,
                     .kind = ResourceEdit::Kind::describe,
                     .request = std::move(target.description),
                     .authority = target.authority};
    one.request.prepared = commands::prepare(context.protector, one.host, one.request);
    std::optional<http::Problem> refused;
    const auto checked = commands::refuse_present(view, planned_by(one, refused), {one.request});
    return as_edit(std::move(one), refused, checked);
}

ApiResult<ModelEdit> plan_dropping(const Context& context, const state::View& view,
                                   const Request& request, ResourceEdit::Kind kind) {
    const Target target = EK_API_TRY(find_target(context, view, request));
    if (auto problem = not_to_drop(target)) return refuse(*std::move(problem));
    ResourceEdit one;
    one.host = target.host.id;
    one.kind = kind;
    one.request.ref = target.ref;
    one.authority = target.authority;
    const bool ends_override = kind == ResourceEdit::Kind::forget && target.resource->overrides &&
                               target.authority == commands::Authority::direct;
    if (ends_override) return as_edit(std::move(one), {}, {});
    std::optional<http::Problem> refused;
    const auto checked = commands::refuse_owned(planned_by(one, refused), *target.resource);
    return as_edit(std::move(one), refused, checked);
}

ApiResult<wire::ResourceRequest> read_action(const wire::Ref& ref, const json::Value& body) {
    ActionRequest asked = EK_API_TRY(read_action_request(body));
    wire::ResourceRequest action = request_for(ref);
    action.action = std::move(asked.action);
    action.arguments = std::move(asked.arguments);
    return action;
}

void invoke_action(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto target = find_target(context, *view, request);
    if (!target) return responder->send(target.error());
    const auto action = read_action(target->ref, request.json);
    if (!action) return responder->send(action.error());
    CommandSubmission asked = submission(context, request, target->host.id, responder);
    if (target->dry_run) return plan(asked, wire::Verb::invoke, {*action});
    // A service must not be restarted hours later, when its host reconnects.
    if (!context.bus.is_online(target->host.id)) {
        return responder->send(
            {.code = http::Code::host_offline, .detail = "the host is not connected"});
    }
    submit_command(std::move(asked), [&protector = context.protector, action = *action](
                                         state::Edit& edit, const commands::Requester& requester) {
        return commands::invoke(edit, protector, requester, action.ref, action.action,
                                action.arguments);
    });
}

void apply_file(Context& context, const Request& request, const Responder& responder) {
    const auto view = context.state.read();
    if (!view) return responder->send(view.error());
    const auto dry_run = is_dry_run(request);
    if (!dry_run) return responder->send(dry_run.error());
    const auto host = require_active_host(*view, request);
    if (!host) return responder->send(host.error());
    auto description_requests = read_file(context, *view, *host, request);
    if (!description_requests) return responder->send(description_requests.error());
    CommandSubmission asked = submission(context, request, host->id, responder);
    asked.requester.guard = nullptr;  // an ETag is one resource's
    if (*dry_run) return plan_descriptions(asked, *view, *description_requests);
    submit_command(std::move(asked), [&protector = context.protector,
                                      description_requests = *std::move(description_requests)](
                                         state::Edit& edit, const commands::Requester& requester) {
        return commands::describe(edit, protector, requester, description_requests);
    });
}

const std::vector<http::Answer>& command_answers() {
    static const std::vector<http::Answer> kAnswers = {
        {200, "Finished within Prefer: wait, or a dry run.", "Command", {"Location", "Dry-Run"}},
        {202, "Stored; the host will be told.", "Command", {"Location"}}};
    return kAnswers;
}

}  // namespace

void add_resource_changes(std::vector<http::Route>& routes, Context& context) {
    const std::string one = "/v1/hosts/{h}/resources/{collection}/{id}";
    const auto add = [&](std::string method, std::string path, std::string verb,
                         std::string permission, std::string summary, std::string body,
                         std::function<void(const Request&, const Responder&)> handler,
                         MakeModelEdit plan = {}) {
        http::Route route{.method = std::move(method),
                          .path = std::move(path),
                          .verb = std::move(verb),
                          .permission = std::move(permission),
                          .dry_run_permission = "resource.read",
                          .tag = "resources",
                          .summary = std::move(summary),
                          .query = {dry_run_parameter()},
                          .headers = {"Prefer", "If-Match", "If-None-Match"},
                          .answers = command_answers(),
                          .handler = std::move(handler)};
        if (route.method != "POST" || route.verb == "rollback")
            route.query.push_back(override_parameter());
        if (!body.empty()) route.body = http::Body{.schema = std::move(body)};
        if (plan) context.changes.add(route, std::move(plan));
        routes.push_back(std::move(route));
    };
    add(
        "PUT", one, "", "resource.write", "Describe a resource, and bring the host to it",
        "ResourcePut",
        [&](const Request& request, const Responder& responder) {
            describe_resource(context, request, responder, find_put_target);
        },
        [&](const state::View& view, const Request& request) {
            return plan_putting(context, view, request);
        });
    add("POST", one, "rollback", "resource.write",
        "Describe a resource as in an earlier generation, and bring the host to it", "Rollback",
        [&](const Request& request, const Responder& responder) {
            describe_resource(context, request, responder, find_rollback_target);
        });
    add(
        "DELETE", one, "", "resource.write",
        "Remove a described thing from the host, then drop its description", "",
        [&](const Request& request, const Responder& responder) {
            drop_resource(context, request, responder, true);
        },
        [&](const state::View& view, const Request& request) {
            return plan_dropping(context, view, request, ResourceEdit::Kind::remove);
        });
    add(
        "POST", one, "forget", "resource.write", "Drop a description; leave the host as it is", "",
        [&](const Request& request, const Responder& responder) {
            drop_resource(context, request, responder, false);
        },
        [&](const state::View& view, const Request& request) {
            return plan_dropping(context, view, request, ResourceEdit::Kind::forget);
        });
    add("POST", one, "invoke", "resource.invoke", "Run a one-shot action on a resource", "Action",
        [&](const Request& request, const Responder& responder) {
            invoke_action(context, request, responder);
        });
    add("POST", "/v1/hosts/{h}", "apply", "resource.write",
        "Describe several resources of a host with one command", "File",
        [&](const Request& request, const Responder& responder) {
            apply_file(context, request, responder);
        });
}

}  // namespace evenkeel::api
