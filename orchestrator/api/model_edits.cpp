#include "orchestrator/api/model_edits.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "orchestrator/api/applied_plans.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/api/idempotency.hpp"
#include "orchestrator/api/protected.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/api/submit_command.hpp"
#include "orchestrator/http/conditional.hpp"
#include "orchestrator/plans/planner.hpp"
#include "orchestrator/plans/trial.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"
#include "orchestrator/state/wanted.hpp"

namespace evenkeel::api {
namespace {

using http::Request;
using Responder = std::shared_ptr<http::Responder>;

http::Reply reply_of(const ModelEdit& edit, std::uint64_t revision) {
    if (edit.status == 204) return http::Reply::empty(204);
    if (revision == 0 && !edit.seen.empty()) revision = edit.seen.front().revision;
    json::Object shown = edit.shown;
    shown.set("revision", revision);
    http::Reply reply = http::Reply::json(edit.status, json::Value(std::move(shown)));
    reply.with("ETag", http::etag_of(revision));
    if (!edit.location.empty()) reply.with("Location", edit.location);
    return reply;
}

// As the transaction has it, for the same request when it comes again.
Result<http::Reply> host_reply(const state::View& view, const std::string& id) {
    const auto host = EK_TRY(view.hosts().find(id));
    if (!host) return fail(Errc::not_found, "there is no such host");
    return http::Reply::json(200, state::show(*host, EK_TRY(view.resources().counts(id)),
                                              EK_TRY(view.wanted().find(id))));
}

// The same with what only the loop knows.
ReplyResult host_reply_now(const Context& context, const std::string& id) {
    const auto view = EK_API_TRY(context.state.read());
    const auto host = EK_API_TRY(view.hosts().find(id));
    if (!host) return refuse(http::Code::not_found, "there is no such host");
    return http::Reply::json(200, EK_API_TRY(show_host(context, view, *host)));
}

// One request, until it is answered.
class Editing : public std::enable_shared_from_this<Editing> {
  public:
    Editing(Context& context, MakeModelEdit make, Request request, Responder responder)
        : context_(context),
          make_(std::move(make)),
          request_(std::move(request)),
          responder_(std::move(responder)) {}

    void try_it() {
        const auto dry_run = is_dry_run(request_);
        if (!dry_run) return responder_->send(dry_run.error());
        const auto allowed = allows_errors(request_);
        if (!allowed) return responder_->send(allowed.error());
        const auto view = context_.state.read();
        if (!view) return responder_->send(view.error());
        auto made = make_edit(make_, *view, request_);
        if (!made) return responder_->send(made.error());
        ++tries_;
        auto edit = std::make_shared<const ModelEdit>(*std::move(made));
        // Of the work: it may run more than once.
        auto reply = std::make_shared<http::Reply>(reply_of(*edit, 0));
        context_.planner.edit(
            {.changes = edit->changes,
             .hosts = edit->hosts,
             .resources = edit->resources,
             .guard = [edit](const state::View& now) { return check_unchanged(now, edit->seen); },
             .is_dry_run = *dry_run,
             .allows_errors = *allowed || edit->allows_errors,
             .audit_context = audit_context_of(request_),
             .finish = [edit, reply, made = as_plan(context_.protector, request_),
                        once = request_.once, &protector = context_.protector](
                           state::Edit& now, const plans::EditAnswer& answer) -> Result<void> {
                 *reply = edit->host.empty() ? reply_of(*edit, answer.revision)
                                             : EK_TRY(host_reply(now, edit->host));
                 note_changes(now, *edit);
                 const std::string plan = EK_TRY(keep_applied(now, made, answer));
                 if (!plan.empty()) reply->with("Plan", plan);
                 return keep_reply(now, protector, once, *reply);
             }},
            [self = shared_from_this(), edit, reply,
             is_dry_run = *dry_run](const Result<plans::EditAnswer>& answer) {
                self->answer(*edit, answer, *reply, is_dry_run);
            });
    }

  private:
    // Of a host, with what only the loop knows.
    http::Reply shown(const ModelEdit& edit, const http::Reply& reply) const {
        if (edit.host.empty()) return reply;
        auto now = host_reply_now(context_, edit.host);
        if (!now) return reply;
        if (const std::string* plan = reply.header("Plan")) now->with("Plan", *plan);
        return *std::move(now);
    }

    static void note_changes(state::Edit& edit, const ModelEdit& made) {
        json::Array names;
        for (const model::ObjectChange& change : made.changes) names.emplace_back(change.name);
        if (!names.empty() || made.hosts.empty()) edit.note("objects", std::move(names));
        for (const plans::HostEdit& one : made.hosts) {
            const hosts::Patch& patch = one.patch;
            if (patch.name) edit.note("name", *patch.name);
            if (patch.environment) edit.note("environment", *patch.environment);
            if (patch.labels.is_object()) edit.note("labels", patch.labels);
        }
    }

    void answer(const ModelEdit& edit, const Result<plans::EditAnswer>& answer,
                const http::Reply& reply, bool is_dry_run) {
        if (!answer) {
            if (answer.error().code == Errc::stale && tries_ < kTriesMost) return try_it();
            return responder_->send(change_problem(answer.error()));
        }
        if (!answer->wrong.empty()) {
            return responder_->send(problem_of(answer->wrong, edit.pointers));
        }
        if (!is_dry_run && answer->refusal == plans::Refusal::plan_required) {
            return responder_->send(plan_required(answer->trial->protected_environments));
        }
        if (answer->refusal == plans::Refusal::does_not_compile) {
            return responder_->send(not_compiling(*answer->trial));
        }
        for (const plans::HostEdit& one : edit.hosts) {
            if (one.retires && !is_dry_run) log::info("a host was retired", {{"host", one.host}});
        }
        if (!is_dry_run) return send_when_done(context_, request_, responder_, shown(edit, reply));
        json::Object plan{{"id", nullptr}};
        const json::Value shown = answer->trial->shown();
        for (const auto& [name, value] : shown.as_object()) plan.append(name, value);
        plan.append("requires_approval", requires_approval(*answer->trial));
        responder_->send(
            http::Reply::json(200, json::Value(std::move(plan))).with("Dry-Run", "all"));
    }

    Context& context_;
    MakeModelEdit make_;
    Request request_;
    Responder responder_;
    int tries_ = 0;
};

}  // namespace

ApiResult<ModelEdit> make_edit(const MakeModelEdit& make, const state::View& view,
                               const Request& request) {
    const bool has_body = request.method == "PUT" || request.method == "PATCH";
    if (has_body && !request.json.is_object()) {
        Findings findings;
        findings.invalid("", "must be an object");
        return refuse(findings.problem());
    }
    return make(view, request);
}

Result<void> check_unchanged(const state::View& view, const std::vector<SeenObject>& seen) {
    for (const SeenObject& one : seen) {
        const auto object = EK_TRY(view.model_objects().find(one.kind, one.name));
        if ((object ? object->revision : 0) == one.revision) continue;
        return fail(Errc::stale, "others change " + one.name + " all the time");
    }
    return {};
}

void add_editing(std::vector<http::Route>& routes, Context& context, http::Route route,
                 MakeModelEdit make) {
    context.changes.add(route, make);
    route.handler = [&context, make = std::move(make)](Request request,
                                                       const Responder& responder) {
        std::make_shared<Editing>(context, make, std::move(request), responder)->try_it();
    };
    routes.push_back(std::move(route));
}

void put_changes(const ModelEdit& edit, plans::EditRequest& request) {
    request.changes = edit.changes;
    request.hosts = edit.hosts;
    request.resources = edit.resources;
    request.releases_held = edit.releases_held;
    request.allows_errors = request.allows_errors || edit.allows_errors;
}

plans::EditRequest request_of(const ModelEdit& edit) {
    plans::EditRequest request;
    put_changes(edit, request);
    return request;
}

http::QueryParameter errors_parameter() {
    return {.name = "errors",
            .description =
                "allow: also when hosts would not compile any more; they keep what they "
                "have.",
            .schema = json::Object{{"type", "string"}, {"enum", json::Array{"allow"}}}};
}

ApiResult<bool> allows_errors(const Request& request) {
    const std::string* value = request.parameter("errors");
    if (value && *value != "allow") {
        return refuse(http::Code::invalid_parameter, "errors can only be \"allow\"");
    }
    return value != nullptr;
}

http::Problem not_compiling(const plans::Trial& trial) {
    http::Problem problem{http::Code::does_not_compile, ""};
    std::uint64_t count = 0;
    for (const plans::ErrorGroup& group : trial.broken) {
        const std::string hosts =
            std::to_string(group.count) + (group.count == 1 ? " host" : " hosts");
        problem.errors.push_back({group.error.pointer, group.error.code,
                                  "assignment " + group.error.assignment + ", " + hosts + " (" +
                                      group.hosts.front() + (group.count > 1 ? ", ..." : "") +
                                      "): " + group.error.detail});
        count = std::max(count, group.count);
    }
    problem.detail = "nothing is changed: " + std::to_string(count) +
                     " or more hosts would not compile any more; the pointers are into their "
                     "applications; ?errors=allow changes it all the same, and they keep what "
                     "they have";
    return problem;
}

ApiResult<NamedObject> find_named(const state::View& view, const Request& request, ModelKind kind,
                                  std::string name) {
    NamedObject named;
    named.there = EK_API_TRY(view.model_objects().find(kind, name));
    const std::uint64_t revision = named.there ? named.there->revision : 0;
    const std::string etag = named.there ? http::etag_of(revision) : "";
    if (auto failed = http::check_preconditions(request, etag)) return refuse(*std::move(failed));
    named.edit.seen.push_back({kind, std::move(name), revision});
    if (!named.there) {
        named.edit.status = 201;
        named.edit.location = request.target;
    }
    return named;
}

ApiResult<ModelEdit> delete_named(const state::View& view, const Request& request, ModelKind kind,
                                  std::string name) {
    NamedObject named = EK_API_TRY(find_named(view, request, kind, name));
    if (!named.there) {
        return refuse(http::Code::not_found,
                      "there is no " + std::string(to_string(kind)) + " of this name");
    }
    named.edit.changes.push_back({kind, std::move(name), {}});
    named.edit.status = 204;
    return std::move(named.edit);
}

http::Problem problem_of(const std::vector<model::WrongChange>& wrong,
                         const std::vector<std::string>& pointers) {
    Findings findings;
    for (const model::WrongChange& one : wrong) {
        if (one.code == "in-use") return {http::Code::invalid_state, one.detail};
        if (one.code == "not-found" && one.pointer.empty()) {
            return {http::Code::not_found, one.detail};
        }
        const std::string at = one.change < pointers.size() ? pointers[one.change] : "";
        findings.add(at + one.pointer, one.code, one.detail);
    }
    return findings.problem();
}

http::Reply show_named(const Request& request, json::Object shown, std::uint64_t revision) {
    const std::string etag = http::etag_of(revision);
    if (auto fresh = http::not_modified(request, etag)) return *std::move(fresh);
    shown.set("revision", revision);
    return http::Reply::json(200, json::Value(std::move(shown))).with("ETag", etag);
}

}  // namespace evenkeel::api
