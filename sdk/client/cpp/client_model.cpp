#include "sdk/client/cpp/calls.hpp"

// The model: environments, settings, applications, assignments, and what comes of them for hosts.
namespace evenkeel::client {
namespace {

std::string scope_path(std::string_view scope) {
    return scope.empty() ? "/v1/settings" : "/v1/settings/" + percent_encode(scope);
}

std::string wanted_path(std::string_view host) {
    return host_path(host) + "/wanted";
}

}  // namespace

std::string environment_path(std::string_view name) {
    return "/v1/environments/" + percent_encode(name);
}

std::string setting_path(std::string_view scope, std::string_view key) {
    return scope_path(scope) + "/" + percent_encode(key);
}

std::string application_path(std::string_view name) {
    return "/v1/applications/" + percent_encode(name);
}

std::string assignment_path(std::string_view name) {
    return "/v1/assignments/" + percent_encode(name);
}

Result<std::vector<Environment>> Client::environments(const ListQuery& query) {
    return decode_all(impl_->list({.path = "/v1/environments", .query = query_of(query)}),
                      decode_environment);
}

Result<Environment> Client::environment(std::string_view name) {
    return decode_one(impl_->call({.path = environment_path(name)}), decode_environment);
}

Result<std::vector<Setting>> Client::settings(std::string_view scope, const ListQuery& query) {
    return decode_all(impl_->list({.path = scope_path(scope), .query = query_of(query)}),
                      decode_setting);
}

Result<Setting> Client::setting(std::string_view scope, std::string_view key) {
    return decode_one(impl_->call({.path = setting_path(scope, key)}), decode_setting);
}

Result<std::vector<EffectiveSetting>> Client::effective_settings(std::string_view host,
                                                                 const std::string& assignment) {
    return decode_all(
        impl_->list({.path = host_path(host) + "/settings", .query = {{"assignment", assignment}}}),
        decode_effective_setting);
}

Result<std::vector<Application>> Client::applications(const ListQuery& query) {
    return decode_all(impl_->list({.path = "/v1/applications", .query = query_of(query)}),
                      decode_application);
}

Result<Application> Client::application(std::string_view name, std::int64_t version) {
    std::string path = application_path(name);
    if (version != 0) path += "/versions/" + std::to_string(version);
    return decode_one(impl_->call({.path = std::move(path)}), decode_application);
}

Result<std::vector<Application>> Client::application_versions(std::string_view name,
                                                              const ListQuery& query) {
    return decode_all(
        impl_->list({.path = application_path(name) + "/versions", .query = query_of(query)}),
        decode_application);
}

Result<std::vector<Assignment>> Client::assignments(const ListQuery& query) {
    return decode_all(impl_->list({.path = "/v1/assignments", .query = query_of(query)}),
                      decode_assignment);
}

Result<Assignment> Client::assignment(std::string_view name) {
    return decode_one(impl_->call({.path = assignment_path(name)}), decode_assignment);
}

Result<Wanted> Client::wanted(std::string_view host, std::string_view collection) {
    std::string path = wanted_path(host);
    if (!collection.empty()) path += "/" + percent_encode(collection);
    return decode_one(impl_->call({.path = std::move(path)}), decode_wanted);
}

Result<WantedResource> Client::wanted_resource(std::string_view host, std::string_view collection,
                                               std::string_view id) {
    return decode_one(impl_->call({.path = wanted_path(host) + "/" + percent_encode(collection) +
                                           "/" + percent_encode(id)}),
                      decode_wanted_resource);
}

Result<Impact> Client::impact(std::string_view scope, std::string_view key) {
    return decode_one(impl_->call({.path = setting_path(scope, key) + "/impact"}), decode_impact);
}

}  // namespace evenkeel::client
