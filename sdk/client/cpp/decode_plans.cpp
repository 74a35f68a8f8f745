#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::client {
namespace {

PlanCounts decode_counts_of(const json::Value& value) {
    return {value.integer_or("hosts"),     value.integer_or("added"),   value.integer_or("changed"),
            value.integer_or("forgotten"), value.integer_or("removed"), value.integer_or("errors")};
}

PlannedField decode_planned_field(const json::Value& value) {
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
    resource.fields = decode_each(shown, "fields", decode_planned_field);
    // Of one host it is one answer, of a group all that differ.
    if (value["live"].is_object()) {
        resource.live.push_back(decode_answer(value["live"]));
    } else {
        resource.live = decode_each(value, "live", decode_answer);
    }
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

UnaskedHost decode_unasked(const json::Value& value) {
    return {value.string_or("host"), value.string_or("code"), value.string_or("detail")};
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
    group.resources = decode_each(value, "resources", decode_planned_resource);
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
    plan.groups = decode_each(value, "groups", decode_plan_group);
    plan.more_groups = value.integer_or("more_groups");
    plan.errors = decode_each(value, "errors", decode_plan_error);
    plan.asked = value["live"].integer_or("asked");
    plan.answered = value["live"].integer_or("answered");
    plan.unasked = decode_each(value, "unasked", decode_unasked);
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
    host.resources = decode_each(value, "resources", decode_planned_resource);
    host.errors = decode_each(value, "errors", decode_compile_error);
    host.json = json::write(value);
    return host;
}

bool Plan::finished() const {
    if (state == "stale" || state == "rejected" || state == "expired") return true;
    return state == "applied" && (!progress || progress->waiting == 0);
}

}  // namespace evenkeel::client
