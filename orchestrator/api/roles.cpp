#include "orchestrator/api/roles.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace evenkeel::api {
namespace {

struct Permission {
    std::string_view name;
    Role least;
    std::string_view description;
};

constexpr std::array kPermissions = {
    Permission{"host.read", Role::viewer, "See hosts and their collections"},
    Permission{"host.write", Role::operation, "Rename and label hosts"},
    Permission{"host.retire", Role::operation, "Retire hosts, release their names"},
    Permission{"resource.read", Role::viewer, "See descriptions and states, secrets redacted"},
    Permission{"resource.write", Role::operation, "Describe, remove and forget resources"},
    Permission{"resource.invoke", Role::operation, "Run actions on resources"},
    Permission{"environment.read", Role::viewer, "See environments"},
    Permission{"environment.write", Role::operation, "Make, change and delete environments"},
    Permission{"settings.read", Role::viewer, "See settings, secrets redacted"},
    Permission{"settings.write", Role::operation, "Make, change and delete settings"},
    Permission{"application.read", Role::viewer, "See applications and their versions"},
    Permission{"application.write", Role::operation, "Make, change and delete applications"},
    Permission{"assignment.read", Role::viewer, "See assignments, secrets redacted"},
    Permission{"assignment.write", Role::operation, "Make, change and delete assignments"},
    Permission{"plan.read", Role::viewer, "See plans, secrets redacted"},
    Permission{"plan.write", Role::operation, "Make and reject plans"},
    Permission{"plan.apply", Role::operation, "Apply plans"},
    Permission{"plan.approve", Role::approver, "Approve plans and enrolment tokens of others"},
    Permission{"command.read", Role::viewer, "See commands"},
    Permission{"command.cancel", Role::operation, "Cancel commands"},
    Permission{"compliance.read", Role::viewer, "See what is as described"},
    Permission{"event.read", Role::viewer, "Follow events"},
    Permission{"enrolment.read", Role::viewer, "See enrolments and enrolment tokens"},
    Permission{"enrolment.write", Role::operation,
               "Make enrolment tokens, accept and reject hosts"},
    Permission{"token.read", Role::admin, "See the tokens of people and programs"},
    Permission{"token.write", Role::admin, "Make and revoke tokens"},
    Permission{"audit.read", Role::admin, "Read the audit"},
};

}  // namespace

bool may(Role role, std::string_view permission) {
    const auto* found = std::find_if(kPermissions.begin(), kPermissions.end(),
                                     [&](const auto& one) { return one.name == permission; });
    return found != kPermissions.end() && role >= found->least;
}

json::Object permissions() {
    json::Object all;
    for (const Permission& one : kPermissions) {
        json::Array roles;
        for (const auto& [role, name] : enum_names(Role{}).all) {
            if (role >= one.least) roles.emplace_back(name);
        }
        all.append(std::string(one.name),
                   json::Object{{"roles", std::move(roles)}, {"description", one.description}});
    }
    return all;
}

}  // namespace evenkeel::api
