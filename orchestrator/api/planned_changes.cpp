#include "orchestrator/api/planned_changes.hpp"

#include <map>
#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "core/secrets/protector.hpp"
#include "core/wire/relations.hpp"
#include "orchestrator/api/body.hpp"
#include "orchestrator/api/model_views.hpp"
#include "orchestrator/api/roles.hpp"
#include "orchestrator/commands/describe.hpp"
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
    const auto refusal = http::read_target(change.string_or("path"), request);
    const std::string& method = request.method;
    const bool is_verb = request.verb == "forget" || request.verb == "retire";
    if (method != "PUT" && method != "PATCH" && method != "DELETE" && !is_verb) {
        findings.invalid(at + "/method",
                         "must be PUT, PATCH or DELETE, or POST of a :forget or :retire");
        return std::nullopt;
    }
    if (refusal) {
        findings.invalid(at + "/path", refusal->detail);
        return std::nullopt;
    }
    if ((method == "DELETE" || method == "POST") && !change["body"].is_null()) {
        findings.invalid(at + "/body", "a " + method + " takes no body");
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

// What the changes come to together.
class Together {
  public:
    // `at` stands for what a change names as a whole.
    void add(ModelEdit more, const std::string& at) {
        for (std::size_t i = 0; i < more.changes.size(); ++i) {
            const std::string inside = i < more.pointers.size() ? more.pointers[i] : "";
            const bool is_whole = inside.empty() && more.changes[i].deletes();
            edit_.pointers.push_back(is_whole ? at : at + "/body" + inside);
            edit_.changes.push_back(std::move(more.changes[i]));
        }
        for (plans::HostEdit& one : more.hosts) {
            of_hosts_.push_back(at + "/body");
            edit_.hosts.push_back(std::move(one));
        }
        for (plans::ResourceEdit& one : more.resources) {
            of_resources_.push_back(at);
            edit_.resources.push_back(std::move(one));
        }
        edit_.allows_errors = more.allows_errors && (is_first_ || edit_.allows_errors);
        is_first_ = false;
        edit_.seen.insert(edit_.seen.end(), more.seen.begin(), more.seen.end());
    }

    // What resources require and notify may be described by other changes.
    void check_relations(const state::View& view, Findings& findings) const {
        std::map<std::string, std::vector<wire::RelatedResource>> of_host;
        for (std::size_t i = 0; i < edit_.resources.size(); ++i) {
            const plans::ResourceEdit& one = edit_.resources[i];
            if (one.kind != plans::ResourceEdit::Kind::describe) continue;
            of_host[one.host].push_back(
                {one.request.ref, one.request.relations, of_resources_[i] + "/body"});
        }
        for (const auto& [host, entries] : of_host) {
            auto wrong = wire::check_relations(entries, commands::known_of(view, host));
            for (const wire::WrongField& field : wrong)
                findings.add(field.pointer, field.code, field.detail);
        }
    }

    ModelEdit take() {
        for (const auto* pointers : {&of_hosts_, &of_resources_}) {
            edit_.pointers.insert(edit_.pointers.end(), pointers->begin(), pointers->end());
        }
        return std::move(edit_);
    }

  private:
    ModelEdit edit_;
    bool is_first_ = true;
    std::vector<std::string> of_hosts_;
    std::vector<std::string> of_resources_;
};

enum class Permissions { required, given };

bool may_change(const Request& request, const ChangeRoute& route) {
    const auto role = find_name<Role>(request.principal.role);
    return role && may(*role, route.permission);
}

// Fails with what is_failure(); all else is a finding.
ApiResult<bool> read_one(const Context& context, const state::View& view, Request request,
                         Permissions permissions, const std::string& at, Together& all,
                         Findings& findings) {
    const ChangeRoute* route = context.changes.find(request);
    if (!route) {
        findings.add(at + "/path", "not-found",
                     "there is no " + request.method + " of this path for plans");
        return false;
    }
    if (permissions == Permissions::required && !may_change(request, *route)) {
        findings.add(at, "forbidden", "needs the permission " + route->permission);
        return false;
    }
    auto made = make_edit(route->make, view, request);
    if (!made && is_failure(made.error())) return refuse(made.error());
    if (!made) return add(made.error(), at, findings), false;
    const bool takes_query = !made->resources.empty() && request.query.size() == 1;
    if (!request.query.empty() && !(takes_query && request.parameter("override"))) {
        findings.invalid(at + "/path", "must have no query, but ?override of a resource");
        return false;
    }
    all.add(*std::move(made), at);
    return true;
}

ApiResult<ModelEdit> read_all(const Context& context, const state::View& view,
                              const Request& request, const json::Value& changes,
                              Permissions permissions) {
    Findings findings;
    const bool is_list = changes.is_array() && !changes.as_array().empty() &&
                         changes.as_array().size() <= kChangesMost;
    if (!is_list) {
        findings.invalid("/changes",
                         "must be a list of 1 to " + std::to_string(kChangesMost) + " changes");
        return refuse(findings.problem());
    }
    Together all;
    std::size_t number = 0;
    for (const json::Value& change : changes.as_array()) {
        const std::string at = pointer_to(number++);
        auto one = request_of(request, change, at, findings);
        if (!one) continue;
        EK_API_TRY(read_one(context, view, *std::move(one), permissions, at, all, findings));
    }
    all.check_relations(view, findings);
    if (!findings.empty()) return refuse(findings.problem());
    return all.take();
}

// What the path of a change names: "settings", "hosts", ...; empty when it does not read.
std::string kind_of(const json::Value& change) {
    Request request;  // its path may be spelled in several ways
    if (http::read_target(change.string_or("path"), request)) return "";
    return request.segments.size() < 2 ? "" : request.segments[1];
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

}  // namespace

bool is_failure(const http::Problem& problem) {
    return http::status_of(problem.code) >= 500;
}

ApiResult<ModelEdit> read_changes(const Context& context, const state::View& view,
                                  const Request& request, const json::Value& changes) {
    return read_all(context, view, request, changes, Permissions::required);
}

ApiResult<ModelEdit> read_kept_changes(const Context& context, const state::View& view,
                                       const Request& request, const json::Value& changes) {
    const bool is_of_system = changes.is_array() && changes.as_array().empty();
    if (is_of_system) return ModelEdit{.releases_held = true};
    return read_all(context, view, request, changes, Permissions::given);
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
        if (!body || !body->is_object()) continue;
        const std::string kind = kind_of(change);
        if (kind.empty() || kind == "settings" || kind == "assignments") {
            redact_settings(protector, *body);
        }
        // The groups show what of it may be seen.
        json::Value* description = body->as_object().find("description");
        if (description && (kind.empty() || kind == "hosts")) {
            *description = redacted(protector, *description);
        }
    }
    return shown;
}

}  // namespace evenkeel::api
