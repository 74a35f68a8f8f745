#include <utility>

#include "sdk/client/cli/fleet_view.hpp"
#include "sdk/client/cli/manifests/plan_request.hpp"
#include "sdk/client/cli/manifests/read_manifests.hpp"
#include "sdk/client/cli/plan_steps.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kRequestBytesMost = 8 << 20;

client::Result<Manifests> manifests_of(const FolderOptions& options) {
    auto manifests = read_manifests(options.files, options.allowed_folders);
    if (!manifests) return manifests;
    for (const std::string& from : manifests->from_elsewhere) {
        Output::message("the manifests read " + from);
    }
    return manifests;
}

client::Result<Changes> changes_of(Session& session, const Manifests& manifests,
                                   const FolderOptions& options) {
    const auto client = session.open();
    if (!client) return client.error();
    const auto known = known_objects(**client);
    if (!known) return known.error();
    HostNames hosts(**client);
    auto changes = find_changes(manifests, *known, hosts, options.source);
    if (!changes) return changes.error();
    for (const std::string& kept : changes->kept) {
        Output::message(kept + " is not set: the orchestrator keeps its secret");
    }
    return changes;
}

client::Result<json::Value> make_plan(Session& session, const Changes& changes, bool live) {
    const auto client = session.open();
    if (!client) return client.error();
    const PlanRequest request(changes);
    const std::string body = request.body(live);
    if (body.size() > kRequestBytesMost) {
        return client::Failure{.kind = client::Kind::local,
                               .code = kMisused,
                               .detail =
                                   "what differs is more than 8 MiB, the most of one plan: "
                                   "apply it in parts, with several -f"};
    }
    const auto reply = (*client)->send({.method = "POST", .path = "/v1/plans", .body = body});
    if (!reply) return request.located(reply.error());
    auto plan = json::parse(reply->body, {.bytes = kPlanBytesMost});
    if (plan) return *std::move(plan);
    return client::Failure{.kind = client::Kind::bad_answer, .detail = plan.error().what};
}

// The plan of nothing, in the shape of the API's.
json::Value empty_plan() {
    return json::Object{{"id", nullptr},
                        {"state", nullptr},
                        {"changes", json::Array{}},
                        {"summary", json::Object{{"hosts", 0},
                                                 {"added", 0},
                                                 {"changed", 0},
                                                 {"forgotten", 0},
                                                 {"removed", 0},
                                                 {"errors", 0}}},
                        {"groups", json::Array{}},
                        {"errors", json::Array{}},
                        {"unasked", json::Array{}}};
}

// What differs and the plan that was made of it; without a plan where nothing differs.
struct FolderPlan {
    Changes changes;
    json::Value plan;

    bool changes_something() const { return changes.count() > 0 || touches_hosts(plan); }
};

// Where the manifests say what does not compile.
void tell_places(const Manifests& manifests, const json::Value& plan) {
    if (!plan["errors"].is_array()) return;
    for (const json::Value& error : plan["errors"].as_array()) {
        const auto assignment =
            manifests.objects.find({ObjectKind::assignment, error.string_or("assignment")});
        if (assignment == manifests.objects.end()) continue;
        const json::Value* name = assignment->second.body.find("application");
        if (!name || !name->is_string()) continue;
        const auto application =
            manifests.objects.find({ObjectKind::application, name->as_string()});
        if (application == manifests.objects.end()) continue;
        Output::message(application->second.place.text(error.string_or("pointer")) + ": " +
                        error.string_or("code") + ": " + error.string_or("detail"));
    }
}

// `is_all`: nothing follows, so it is the data.
client::Result<FolderPlan> plan_and_show(Session& session, const Manifests& manifests,
                                         const FolderOptions& options, bool is_all) {
    const Output& output = session.output();
    auto changes = changes_of(session, manifests, options);
    if (!changes) return changes.error();
    FolderPlan made{*std::move(changes), {}};
    if (!output.is_data()) print_object_changes(output, made.changes);
    Output::message(words_of(made.changes));
    if (made.changes.all.empty()) {
        if (output.is_data()) output.data(json::write(empty_plan()));
        return made;
    }
    auto plan = make_plan(session, made.changes, options.live);
    if (!plan) return plan.error();
    made.plan = *std::move(plan);
    if (is_all || !output.is_data()) show_plan(output, made.plan);
    else Output::message(summary_of_plan(made.plan));
    tell_places(manifests, made.plan);
    return made;
}

}  // namespace

Exit plan_folder(Session& session, const FolderOptions& options) {
    const auto manifests = manifests_of(options);
    if (!manifests) return session.fail(manifests.error());
    const auto made = plan_and_show(session, *manifests, options, true);
    if (!made) return session.fail(made.error());
    if (!made->plan.is_null()) Output::message(next_step(made->plan));
    if (hosts_with_errors(made->plan) > 0 && !options.allows_errors) return Exit::failed;
    return options.exit_code && made->changes_something() ? Exit::pending : Exit::done;
}

Exit apply_folder(Session& session, const FolderOptions& options) {
    const auto manifests = manifests_of(options);
    if (!manifests) return session.fail(manifests.error());
    if (const auto asks = check_can_ask(options.yes); !asks) return session.fail(asks.error());
    const auto made = plan_and_show(session, *manifests, options, false);
    if (!made) return session.fail(made.error());
    if (made->plan.is_null()) return Exit::done;
    const std::string id = made->plan.string_or("id");
    if (made->plan.bool_or("requires_approval")) {
        Output::message("a protected environment is touched; " + next_step(made->plan));
        return Exit::conflict;
    }
    if (!options.yes && !confirmed("Apply plan " + id + "?")) {
        Output::message("nothing was applied; plan " + id + " stays open: ek apply plan " + id);
        return Exit::failed;
    }
    return apply_and_follow(session, made->plan, options);
}

Exit diff_folder(Session& session, const FolderOptions& options) {
    const auto manifests = manifests_of(options);
    if (!manifests) return session.fail(manifests.error());
    const auto changes = changes_of(session, *manifests, options);
    if (!changes) return session.fail(changes.error());
    if (session.output().is_data()) session.output().data_items(object_changes_json(*changes));
    else print_object_changes(session.output(), *changes);
    for (const ObjectChange& one : changes->all) {
        if (one.is_known) continue;
        Output::message("setting " + one.key.name +
                        ": whether the secret differs, only the orchestrator knows");
    }
    Output::message(words_of(*changes));
    return options.exit_code && changes->count() > 0 ? Exit::pending : Exit::done;
}

}  // namespace evenkeel::cli
