#include <algorithm>

#include "sdk/client/cpp/calls.hpp"

// Edits of the model and their plans.
namespace evenkeel::client {
namespace {

std::string plan_path(std::string_view id) {
    return "/v1/plans/" + percent_encode(id);
}

// An edit may compile thousands of hosts before it is answered.
constexpr std::chrono::minutes kCompiles{10};

Request request_of(const Edit& edit, const EditOptions& options) {
    Request request{.method = edit.method, .path = edit.path, .body = edit.body};
    if (edit.method == "PATCH") request.content_type = "application/merge-patch+json";
    if (options.allows_errors) request.query.emplace_back("errors", "allow");
    if (!options.if_match.empty()) request.headers["If-Match"] = options.if_match;
    if (options.create_only) request.headers["If-None-Match"] = "*";
    request.key = options.key;
    request.extra_time = kCompiles;
    return request;
}

std::chrono::seconds at_most_a_minute(std::chrono::seconds wait) {
    return std::clamp(wait, std::chrono::seconds(0), std::chrono::seconds(60));
}

}  // namespace

Result<Edited> Client::edit(const Edit& edit, const EditOptions& options) {
    Request request = request_of(edit, options);
    request.wait = at_most_a_minute(options.wait);
    auto reply = impl_->send(request);
    if (!reply) return reply.error();
    return Edited{reply->headers["plan"], std::move(reply->body), reply->headers["etag"]};
}

Result<Plan> Client::dry_run(const Edit& edit, const EditOptions& options) {
    Request request = request_of(edit, options);
    request.query.emplace_back("dry_run", "all");
    return decode_one(impl_->call(request), decode_plan);
}

Result<std::vector<Plan>> Client::plans(const ListQuery& query) {
    return decode_all(impl_->list({.path = "/v1/plans", .query = query_of(query)}), decode_plan);
}

Result<Plan> Client::plan(std::string_view id) {
    return decode_one(impl_->call({.path = plan_path(id)}), decode_plan);
}

Result<std::vector<PlanGroup>> Client::plan_groups(std::string_view id) {
    return decode_all(impl_->list({.path = plan_path(id) + "/groups"}), decode_plan_group);
}

Result<PlannedHost> Client::planned_host(std::string_view id, std::string_view host) {
    return decode_one(impl_->call({.path = plan_path(id) + "/hosts/" + percent_encode(host)}),
                      decode_planned_host);
}

Result<Plan> Client::make_plan(const std::vector<Edit>& edits, bool live, const std::string& key) {
    json::Array changes;
    for (const Edit& edit : edits) {
        json::Object change{{"method", edit.method}, {"path", edit.path}};
        if (!edit.body.empty()) {
            auto body = json::parse(edit.body);
            if (!body) {
                return Failure{.kind = Kind::local,
                               .detail = "the body for " + edit.path + ": " + body.error().what};
            }
            change.append("body", *std::move(body));
        }
        changes.emplace_back(std::move(change));
    }
    json::Object body{{"changes", std::move(changes)}};
    if (live) body.append("live", true);
    return decode_one(impl_->call({.method = "POST",
                                   .path = "/v1/plans",
                                   .body = json::write(std::move(body)),
                                   .extra_time = kCompiles,
                                   .key = key}),
                      decode_plan);
}

Result<Plan> Client::decide(std::string_view id, const char* verb, const std::string& hash,
                            std::chrono::seconds wait) {
    json::Object body;
    if (!hash.empty()) body.append("hash", hash);
    return decode_one(impl_->call({.method = "POST",
                                   .path = plan_path(id) + verb,
                                   .body = hash.empty() ? "" : json::write(std::move(body)),
                                   .wait = at_most_a_minute(wait),
                                   .extra_time = kCompiles}),
                      decode_plan);
}

Result<Plan> Client::approve_plan(std::string_view id, const std::string& hash) {
    return decide(id, ":approve", hash);
}

Result<Plan> Client::reject_plan(std::string_view id) {
    return decide(id, ":reject", "");
}

Result<Plan> Client::apply_plan(std::string_view id, const std::string& hash,
                                std::chrono::seconds wait) {
    return decide(id, ":apply", hash, wait);
}

Result<Plan> Client::wait(Plan plan, std::chrono::milliseconds timeout) {
    return wait_until_finished(impl_->http(), std::move(plan), "plan", timeout,
                               [this](const std::string& id) { return this->plan(id); });
}

}  // namespace evenkeel::client
