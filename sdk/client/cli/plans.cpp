#include "sdk/client/cli/plans.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "sdk/client/cli/fleet_view.hpp"
#include "sdk/client/cli/plan_steps.hpp"
#include "sdk/client/cli/watch.hpp"

namespace evenkeel::cli {
namespace {

constexpr const char* kPath = "/v1/plans";
constexpr std::size_t kGroupBytesMost = 64 << 20;

const Columns kPlanColumns{{"ID", Column::Room::kept},
                           {"STATE", Column::Room::kept},
                           "AUTHOR",
                           "HOSTS",
                           "ADDED",
                           "CHANGED",
                           "FORGOTTEN",
                           "REMOVED",
                           "ERRORS",
                           "CREATED",
                           {"EXPIRES", Column::Room::wide},
                           {"APPROVED BY", Column::Room::wide}};

// Who it was: a name, or the name of an actor.
std::string name_in(const json::Value& who) {
    return who.is_string() ? who.as_string() : who.string_or("name");
}

std::vector<std::string> row_of(const json::Value& plan) {
    const json::Value& summary = plan["summary"];
    const auto count = [&](const char* name) { return std::to_string(summary.integer_or(name)); };
    return {plan.string_or("id"),
            plan.string_or("state"),
            name_in(plan["author"]),
            count("hosts"),
            count("added"),
            count("changed"),
            count("forgotten"),
            count("removed"),
            count("errors"),
            plan.string_or("created_at"),
            plan.string_or("expires_at"),
            name_in(plan["approved_by"])};
}

client::ListQuery query_of(const PlanListOptions& options) {
    client::ListQuery query = options.query;
    if (!options.id.empty()) query = narrowed(query, "id", options.id);
    return options.state.empty() ? query : narrowed(query, "state", options.state);
}

// With the groups beyond those that it shows itself, as far as they are kept.
client::Result<json::Value> with_all_groups(client::Client& client, json::Value plan) {
    if (plan.integer_or("more_groups") == 0) return plan;
    const auto list = client.list(
        {.path = std::string(kPath) + "/" + percent_encode(plan.string_or("id")) + "/groups"});
    if (!list) return list.error();
    json::Value* groups = plan.as_object().find("groups");
    if (!groups || !groups->is_array()) return plan;
    for (const std::string& text : *list) {
        auto group = json::parse(text, {.bytes = kGroupBytesMost});
        if (group) groups->as_array().push_back(*std::move(group));
    }
    const auto left = plan.integer_or("more_groups") - static_cast<std::int64_t>(list->size());
    plan.as_object().set("more_groups", std::max<std::int64_t>(left, 0));
    return plan;
}

std::string head_of(const json::Value& plan) {
    std::string text = "plan " + plan.string_or("id") + " is " + plan.string_or("state") + ", by " +
                       name_in(plan["author"]) + ", " + plan.string_or("created_at");
    const std::string approved = name_in(plan["approved_by"]);
    if (!approved.empty()) text += "; approved by " + approved;
    else if (plan.bool_or("requires_approval")) text += "; somebody else has to approve it";
    return text;
}

// Shows the plan, asks, and does it.
Exit decide(Session& session, const PlanOptions& options, const std::string& question,
            const std::function<Exit(const json::Value& plan)>& act) {
    if (const auto asks = check_can_ask(options.yes); !asks) return session.fail(asks.error());
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto plan = find_plan(**client, options.id);
    if (!plan) return session.fail(plan.error());
    if (!options.yes) {
        Output::message(head_of(*plan));
        session.output().text(plan_text(*plan, session.output().look().colour));
        Output::message(summary_of_plan(*plan));
        if (!confirmed(question + " plan " + options.id + "?")) {
            Output::message("nothing was done");
            return Exit::failed;
        }
    }
    return act(*plan);
}

// With :approve or :reject.
Exit settle(Session& session, const PlanOptions& options, const std::string& action,
            const std::string& question, const std::string& done) {
    return decide(session, options, question, [&](const json::Value& plan) {
        const auto settled = act_on_plan(session, plan, action);
        if (!settled) return session.fail(settled.error());
        if (session.output().is_data()) session.output().data(json::write(*settled));
        Output::message("plan " + options.id + done);
        return Exit::done;
    });
}

}  // namespace

Exit get_plans(Session& session, const PlanListOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (options.watch) {
        return watch(
            session,
            {.path = kPath, .query = query_of(options), .header = kPlanColumns, .row = row_of});
    }
    std::vector<std::string> items;
    if (!options.id.empty()) {
        const auto plan = find_plan(**client, options.id);
        if (!plan) return session.fail(plan.error());
        items.push_back(json::write(*plan));
    } else {
        const client::ListQuery query = query_of(options);
        auto list = (*client)->list(
            {.path = kPath, .query = {{"filter", query.filter}, {"order_by", query.order_by}}});
        if (!list) return session.fail(list.error());
        items = *std::move(list);
    }
    if (session.output().is_data()) {
        options.id.empty() ? session.output().data_items(items)
                           : session.output().data(items.front());
        return Exit::done;
    }
    Table table{kPlanColumns, {}};
    for (const std::string& text : items) {
        const auto plan = json::parse(text, {.bytes = kGroupBytesMost});
        if (plan) table.rows.push_back(row_of(*plan));
    }
    session.output().table(table);
    return Exit::done;
}

Exit describe_plan(Session& session, const PlanOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (!options.host.empty()) {
        const auto reply =
            (*client)->send({.path = std::string(kPath) + "/" + percent_encode(options.id) +
                                     "/hosts/" + percent_encode(options.host)});
        if (!reply) return session.fail(reply.error());
        const auto host = json::parse(reply->body, {.bytes = kGroupBytesMost});
        if (session.output().is_data() || !host) session.output().data(reply->body);
        else session.output().text(host_plan_text(*host, session.output().look().colour));
        return Exit::done;
    }
    auto plan = find_plan(**client, options.id);
    if (plan) plan = with_all_groups(**client, *std::move(plan));
    if (!plan) return session.fail(plan.error());
    if (!session.output().is_data()) session.output().text(printable(head_of(*plan)) + "\n");
    show_plan(session.output(), *plan);
    tell_progress(*plan);
    return Exit::done;
}

Exit approve_plan(Session& session, const PlanOptions& options) {
    return settle(session, options, "approve", "Approve",
                  " is approved: apply it with: ek apply plan " + options.id);
}

Exit reject_plan(Session& session, const PlanOptions& options) {
    return settle(session, options, "reject", "Reject", " is rejected");
}

Exit apply_plan(Session& session, const PlanOptions& options) {
    return decide(session, options, "Apply", [&](const json::Value& plan) {
        return apply_and_follow(session, plan, options);
    });
}

}  // namespace evenkeel::cli
