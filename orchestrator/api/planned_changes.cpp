#include "orchestrator/api/planned_changes.hpp"

#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/api/roles.hpp"
#include "orchestrator/http/target.hpp"

namespace evenkeel::api {
namespace {

using http::Request;

constexpr std::size_t kChangesMost = 10'000;

const json::Value& change_schema() {
    static const json::Value kSchema = json::Object{
        {"properties", json::Object{{"method", true}, {"path", true}, {"body", true}}}};
    return kSchema;
}

std::string pointer_to(std::size_t number) {
    return "/changes/" + std::to_string(number);
}

// One change as the request that it stands for, but for its route.
std::optional<Request> request_of(const Request& outer, const json::Value& change,
                                  const std::string& at, Findings& findings) {
    if (!findings.only(change, at, change_schema())) return std::nullopt;
    Request request;
    request.method = change.string_or("method");
    request.principal = outer.principal;
    request.peer = outer.peer;
    request.request_id = outer.request_id;
    if (request.method != "PUT" && request.method != "PATCH" && request.method != "DELETE") {
        findings.invalid(at + "/method", "must be PUT, PATCH or DELETE");
        return std::nullopt;
    }
    const auto refusal = http::read_target(change.string_or("path"), request);
    if (refusal || !request.query.empty()) {
        findings.invalid(at + "/path", refusal ? refusal->detail : "must have no query");
        return std::nullopt;
    }
    if (request.method == "DELETE" && !change["body"].is_null()) {
        findings.invalid(at + "/body", "a DELETE takes no body");
        return std::nullopt;
    }
    request.json = change["body"];
    return request;
}

// What the route of a change says against it, from the view of the plan.
void add(const http::Problem& problem, const std::string& at, Findings& findings) {
    if (problem.errors.empty()) {
        findings.add(at, std::string(http::to_string(problem.code)), problem.detail);
    }
    for (const http::FieldError& error : problem.errors) {
        findings.add(at + "/body" + error.pointer, error.code, error.detail);
    }
}

// Adds what a change comes to. `at` stands for what it names as a whole.
void append(ModelEdit more, const std::string& at, ModelEdit& edit) {
    for (std::size_t i = 0; i < more.changes.size(); ++i) {
        const std::string inside = i < more.pointers.size() ? more.pointers[i] : "";
        const bool is_whole = inside.empty() && more.changes[i].deletes();
        edit.pointers.push_back(is_whole ? at : at + "/body" + inside);
        edit.changes.push_back(std::move(more.changes[i]));
    }
    edit.seen.insert(edit.seen.end(), more.seen.begin(), more.seen.end());
}

void read_one(const Context& context, const state::View& view, Request request,
              const std::string& at, ModelEdit& edit, Findings& findings) {
    const ChangeRoute* route = context.changes.find(request);
    if (!route) {
        return findings.add(at + "/path", "not-found",
                            "there is no " + request.method + " of this path for plans");
    }
    const auto role = find_name<Role>(request.principal.role);
    if (!role || !may(*role, route->permission)) {
        return findings.add(at, "forbidden", "needs the permission " + route->permission);
    }
    auto made = make_edit(route->make, view, request);
    made ? append(*std::move(made), at, edit) : add(made.error(), at, findings);
}

bool holds_settings(const json::Value& change) {
    Request request;  // its path may be spelled in several ways
    if (http::read_target(change.string_or("path"), request)) return true;
    return request.segments.size() < 2 || request.segments[1] == "settings" ||
           request.segments[1] == "assignments";
}

// Wherever a setting may stand.
void redact_settings(const secrets::Protector& protector, json::Value& value) {
    if (!value.is_object()) return;
    const bool is_secret = value.bool_or("secret");
    for (auto& [name, member] : value.as_object()) {
        if (is_secret && name == "value") member = redacted(protector, member);
        else redact_settings(protector, member);
    }
}

std::string purpose_of(const std::string& plan) {
    return "changes of " + plan;
}

}  // namespace

ApiResult<ModelEdit> read_changes(const Context& context, const state::View& view,
                                  const Request& request, const json::Value& changes) {
    Findings findings;
    const bool is_list = changes.is_array() && !changes.as_array().empty() &&
                         changes.as_array().size() <= kChangesMost;
    if (!is_list) {
        findings.invalid("/changes",
                         "must be a list of 1 to " + std::to_string(kChangesMost) + " changes");
        return refuse(findings.problem());
    }
    ModelEdit edit;
    std::size_t number = 0;
    for (const json::Value& change : changes.as_array()) {
        const std::string at = pointer_to(number++);
        auto one = request_of(request, change, at, findings);
        if (one) read_one(context, view, *std::move(one), at, edit, findings);
    }
    if (!findings.empty()) return refuse(findings.problem());
    return edit;
}

http::Problem problem_of_changes(const std::vector<model::WrongChange>& wrong,
                                 const ModelEdit& edit) {
    Findings findings;
    for (const model::WrongChange& one : wrong) {
        const std::string at = one.change < edit.pointers.size() ? edit.pointers[one.change] : "";
        findings.add(at + one.pointer, one.code, one.detail);
    }
    return findings.problem();
}

json::Array shown_changes(const secrets::Protector& protector, const json::Value& changes) {
    json::Array shown = changes.as_array();
    for (json::Value& change : shown) {
        json::Value* body = change.as_object().find("body");
        if (body && holds_settings(change)) redact_settings(protector, *body);
    }
    return shown;
}

std::string seal_changes(const secrets::Protector& protector, const std::string& plan,
                         const json::Value& changes) {
    return protector.seal_text(json::write(changes), purpose_of(plan));
}

Result<json::Value> open_changes(const secrets::Protector& protector, const std::string& plan,
                                 const std::string& sealed) {
    const std::string text = EK_TRY(protector.open_text(sealed, purpose_of(plan)));
    return json::parse(text, {.bytes = text.size()});
}

}  // namespace evenkeel::api
