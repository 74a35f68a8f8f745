#include "sdk/client/cli/model_changes.hpp"

#include <map>

#include "sdk/client/cli/editor.hpp"
#include "sdk/client/cli/fleet_view.hpp"
#include "sdk/client/cli/plan_steps.hpp"

namespace evenkeel::cli {
namespace {

// The members that may be changed.
const std::vector<std::string>& members_of(ObjectKind kind) {
    static const std::map<ObjectKind, std::vector<std::string>> kMembers{
        {ObjectKind::environment, {"note", "protected"}},
        {ObjectKind::setting, {"value", "secret", "link"}},
        {ObjectKind::application, {"note", "parameters", "resources", "peers"}},
        {ObjectKind::assignment,
         {"note", "application", "version", "environment", "host", "filter", "settings", "policy",
          "enabled", "adopt", "on_leave"}}};
    return kMembers.at(kind);
}

// The object with the changed members in place of the former.
std::string changed(const json::Value& object, const json::Value& members, ObjectKind kind) {
    json::Object out = object.as_object();
    for (const std::string& name : members_of(kind)) {
        if (const json::Value* member = members.find(name)) out.set(name, *member);
        else out.erase(name);
    }
    return json::write(std::move(out));
}

// Shows what saving would do to hosts, and asks where somebody is there to answer. What is
// protected is not saved: then `options` become those of a plan.
Exit show_before_saving(const Session& session, const json::Value& plan,
                        ModelChangeOptions& options) {
    if (session.output().is_data()) Output::message(summary_of_plan(plan));
    else show_plan(session.output(), plan);
    if (!touches_hosts(plan) || !check_can_ask(false)) return Exit::done;
    const bool is_protected = plan.bool_or("requires_approval");
    if (confirmed(is_protected ? "a protected environment is touched: make a plan of it, which "
                                 "somebody else approves?"
                               : "save it?")) {
        options.plan_only = is_protected;
        return Exit::done;
    }
    Output::message("nothing was saved");
    return Exit::failed;
}

// Of a plan of one edit: where in the edit's own body something is wrong.
client::Failure of_the_edit(client::Failure failure) {
    constexpr std::string_view kBody = "/changes/0/body";
    for (client::FieldError& error : failure.errors) {
        if (!error.pointer.starts_with(kBody)) continue;
        const bool is_told = failure.detail == error.pointer + ": " + error.detail;
        error.pointer.erase(0, kBody.size());
        if (is_told) failure.detail = error.pointer + ": " + error.detail;
    }
    return failure;
}

Exit plan_edit(Session& session, client::Client& client, const client::Edit& edit,
               const ModelChangeOptions& options) {
    const auto made = client.make_plan({edit}, false, options.key);
    if (!made) return session.fail(of_the_edit(made.error()));
    return show_new_plan(session, *made);
}

client::Result<json::Value> dry_run(client::Client& client, const client::Edit& edit,
                                    const client::EditOptions& options) {
    const auto plan = client.dry_run(edit, options);
    if (!plan) return plan.error();
    return json::parse(plan->json, {.bytes = kPlanBytesMost}).value_or(json::Value());
}

}  // namespace

ObjectKey key_of(const ObjectOptions& options) {
    if (options.kind == ObjectKind::setting) return setting_key(options.scope, options.name);
    return {options.kind, options.name};
}

std::string words_of(const ObjectKey& key) {
    return std::string(to_string(key.kind)) + " " + key.name;
}

Exit change_model(Session& session, const client::Edit& edit, const ModelChangeOptions& options,
                  const std::string& done, const std::string& if_match) {
    return change_model(
        session, edit, options, [&done](const std::string&) { return done; }, if_match);
}

Exit change_model(Session& session, const client::Edit& edit, const ModelChangeOptions& options,
                  const Done& done, const std::string& if_match) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const client::EditOptions how{
        .allows_errors = options.allows_errors, .if_match = if_match, .key = options.key};
    if (options.dry_run) {
        const auto plan = dry_run(**client, edit, how);
        if (!plan) return session.fail(plan.error());
        show_plan(session.output(), *plan);
        return Exit::done;
    }
    if (options.plan_only) return plan_edit(session, **client, edit, options);
    const auto until = std::chrono::steady_clock::now() + options.wait;
    const auto edited = (*client)->edit(edit, how);
    if (!edited) {
        const Exit exit = session.fail(edited.error());
        if (edited.error().code == "plan-required") {
            Output::message(
                "with --plan the same command makes a plan of it, which somebody else approves");
        }
        return exit;
    }
    if (session.output().is_data() && !edited->json.empty()) session.output().data(edited->json);
    Output::message(done(edited->json));
    if (edited->plan.empty()) return Exit::done;
    auto plan = find_plan(**client, edited->plan);
    if (!plan) return session.fail(plan.error());
    Output::message(summary_of_plan(*plan));
    return follow_applied(session, *plan, until,
                          {.wait = options.wait,
                           .wait_asked = options.wait_asked,
                           .allows_unreachable = !options.wait_asked,
                           .allows_errors = options.allows_errors});
}

Exit create_environment(Session& session, const NewEnvironmentOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const ObjectKey key{ObjectKind::environment, options.name};
    const json::Value body =
        json::Object{{"note", options.note}, {"protected", options.is_protected}};
    const auto made = (*client)->edit(
        {.method = "PUT", .path = path_of(key), .body = json::write(body)}, {.create_only = true});
    if (!made && made.error().code == "precondition-failed") {
        client::Failure failure = made.error();
        failure.detail = "there is an environment of this name already";
        return session.fail(failure);
    }
    if (!made) return session.fail(made.error());
    if (session.output().is_data()) session.output().data(made->json);
    Output::message(words_of(key) + " is made");
    return Exit::done;
}

Exit delete_object(Session& session, const ObjectOptions& options) {
    const ObjectKey key = key_of(options);
    return change_model(session, {.method = "DELETE", .path = path_of(key)}, options,
                        words_of(key) + " is deleted");
}

Exit edit_object(Session& session, const ObjectOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const ObjectKey key = key_of(options);
    const auto reply = (*client)->send({.path = path_of(key)});
    if (!reply) return session.fail(reply.error());
    const auto object = json::parse(reply->body, {.bytes = 64 << 20});
    if (!object || !object->is_object()) {
        return session.fail({.kind = client::Kind::bad_answer, .detail = "it is no JSON object"});
    }
    const auto etag = reply->headers.find("etag");
    const std::string if_match = etag == reply->headers.end() ? "" : etag->second;
    const Editable editable{.title = words_of(key),
                            .members = members_of(key.kind),
                            .before = members_of(*object, members_of(key.kind))};
    return edit_in_editor(session, editable, [&](const json::Value& after) {
        const client::Edit edit{
            .method = "PUT", .path = path_of(key), .body = changed(*object, after, key.kind)};
        ModelChangeOptions how = options;
        if (!options.dry_run) {
            // Of a plan too: it has no If-Match of its own.
            const auto plan = dry_run(
                **client, edit, {.allows_errors = options.allows_errors, .if_match = if_match});
            if (!plan) return session.fail(plan.error());
            if (!options.plan_only) {
                const Exit no = show_before_saving(session, *plan, how);
                if (no != Exit::done) return no;
            }
        }
        return change_model(session, edit, how, words_of(key) + " is saved", if_match);
    });
}

}  // namespace evenkeel::cli
