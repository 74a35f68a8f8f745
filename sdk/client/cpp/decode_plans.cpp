#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::client {
namespace {

PlanCounts decode_counts_of(const json::Value& value) {
    return {value.integer_or("hosts"),     value.integer_or("added"),   value.integer_or("changed"),
            value.integer_or("forgotten"), value.integer_or("removed"), value.integer_or("errors")};
}

PlannedField decode_field(const json::Value& value) {
    return {value.string_or("path"), json::write(value["before"]), json::write(value["after"]),
            value.string_or("diff"), value.bool_or("omitted")};
}

PlanAnswer decode_answer(const json::Value& value) {
    PlanAnswer answer;
    answer.count = value.integer_or("count");
    answer.hosts = decode_texts(value["hosts"]);
    answer.said = decode_command_resource(value);
    return answer;
}

PlannedResource decode_planned_resource(const json::Value& value) {
    PlannedResource resource;
    resource.collection = value.string_or("collection");
    resource.id = value.string_or("id");
    resource.change = value.string_or("change");
    resource.paths = decode_texts(value["paths"]);
    const json::Value& sample = value["sample"];
    resource.sample_host = sample.string_or("host");
    const json::Value& shown = sample.is_object() ? sample : value;
    for (const json::Value& field : items_of(shown, "fields"))
        resource.fields.push_back(decode_field(field));
    if (value["live"].is_object()) resource.live.push_back(decode_answer(value["live"]));
    for (const json::Value& answer : items_of(value, "live"))
        resource.live.push_back(decode_answer(answer));
    for (PlanAnswer& answer : resource.live) {
        answer.said.collection = resource.collection;
        answer.said.id = resource.id;
    }
    return resource;
}

PlanError decode_plan_error(const json::Value& value) {
    PlanError error{decode_compile_error(value), value.integer_or("count"), {}};
    error.hosts = decode_texts(value["hosts"]);
    return error;
}

PlanProgress decode_progress(const json::Value& value) {
    return {value.integer_or("hosts"), value.integer_or("waiting"), value.integer_or("succeeded"),
            value.integer_or("failed"), value.integer_or("unreachable")};
}

}  // namespace

PlanGroup decode_plan_group(const json::Value& value) {
    PlanGroup group;
    group.count = value.integer_or("count");
    group.hosts = decode_texts(value["hosts"]);
    for (const json::Value& resource : items_of(value, "resources"))
        group.resources.push_back(decode_planned_resource(resource));
    return group;
}

Plan decode_plan(const json::Value& value) {
    Plan plan;
    plan.id = value.string_or("id");
    plan.state = value.string_or("state");
    plan.author = value.string_or("author");
    plan.approved_by = value.string_or("approved_by");
    plan.created_at = value.string_or("created_at");
    plan.expires_at = value.string_or("expires_at");
    plan.hash = value.string_or("hash");
    plan.requires_approval = value.bool_or("requires_approval");
    plan.summary = decode_counts_of(value["summary"]);
    for (const json::Value& group : items_of(value, "groups"))
        plan.groups.push_back(decode_plan_group(group));
    plan.more_groups = value.integer_or("more_groups");
    for (const json::Value& error : items_of(value, "errors"))
        plan.errors.push_back(decode_plan_error(error));
    plan.asked = value["live"].integer_or("asked");
    plan.answered = value["live"].integer_or("answered");
    for (const json::Value& host : items_of(value, "unasked")) {
        plan.unasked.push_back(
            {host.string_or("host"), host.string_or("code"), host.string_or("detail")});
    }
    plan.more_unasked = value.integer_or("more_unasked");
    if (const json::Value& progress = value["progress"]; progress.is_object())
        plan.progress = decode_progress(progress);
    plan.json = json::write(value);
    return plan;
}

PlannedHost decode_planned_host(const json::Value& value) {
    PlannedHost host;
    host.host = value.string_or("host");
    host.name = value.string_or("name");
    for (const json::Value& resource : items_of(value, "resources"))
        host.resources.push_back(decode_planned_resource(resource));
    for (const json::Value& error : items_of(value, "errors"))
        host.errors.push_back(decode_compile_error(error));
    host.json = json::write(value);
    return host;
}

bool Plan::finished() const {
    if (state == "stale" || state == "rejected" || state == "expired") return true;
    return state == "applied" && (!progress || progress->waiting == 0);
}

}  // namespace evenkeel::client
