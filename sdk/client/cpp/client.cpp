#include "sdk/client/cpp/client.hpp"

#include <algorithm>

#include "sdk/client/cpp/calls.hpp"

namespace evenkeel::client {
namespace {

std::string resource_path(std::string_view host, std::string_view collection, std::string_view id) {
    return host_path(host) + "/resources/" + percent_encode(collection) + "/" + percent_encode(id);
}

std::string command_path(std::string_view id) {
    return "/v1/commands/" + percent_encode(id);
}

// A header's value: what could end the header is refused before it is sent.
bool is_one_word(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Result<Client> Client::open(Config config) {
    auto base = parse_base_url(config.url);
    if (!base) return base.error();
    const auto refuse = [](std::string why) {
        return Failure{.kind = Kind::local, .detail = std::move(why)};
    };
    if (!is_one_word(config.token)) return refuse("the token is not one word of printable ASCII");
    if (!config.token.empty() && !base->is_secure && !base->is_loopback) {
        return refuse("a token is not sent in the clear to another machine: use https");
    }
    config.attempts = std::max(config.attempts, 1);
    return Client(std::make_unique<Impl>(std::move(config), *std::move(base)));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Reply> Client::send(const Request& request) {
    return impl_->send(request);
}

Result<std::vector<std::string>> Client::list(Request request) {
    auto list = impl_->list(std::move(request));
    if (!list) return list.error();
    std::vector<std::string> out;
    for (const json::Value& item : list->items) out.push_back(json::write(item));
    return out;
}

Result<std::vector<Host>> Client::hosts(const ListQuery& query) {
    return decode_all(impl_->list({.path = "/v1/hosts", .query = query_of(query)}), decode_host);
}

Result<Host> Client::host(std::string_view host) {
    return decode_one(impl_->call({.path = host_path(host)}), decode_host);
}

Result<Host> Client::update_host(std::string_view host, std::string patch) {
    return decode_one(impl_->call({.method = "PATCH",
                                   .path = host_path(host),
                                   .body = std::move(patch),
                                   .content_type = "application/merge-patch+json"}),
                      decode_host);
}

Result<> Client::retire(std::string_view host) {
    auto reply = impl_->send({.method = "POST", .path = host_path(host) + ":retire"});
    if (!reply) return reply.error();
    return {};
}

Result<Host> Client::release_name(std::string_view host) {
    return decode_one(impl_->call({.method = "POST", .path = host_path(host) + ":release-name"}),
                      decode_host);
}

Result<EnrolmentToken> Client::create_enrolment_token(const std::string& name, int uses,
                                                      const std::string& expires_in,
                                                      const std::string& labels,
                                                      const std::string& replaces,
                                                      const std::string& environment) {
    json::Object body{{"uses", uses}, {"expires_in", expires_in}};
    if (!replaces.empty()) body.set("replaces", replaces);
    if (!environment.empty()) body.set("environment", environment);
    if (!name.empty()) body.set("name", name);
    if (!labels.empty()) {
        auto parsed = json::parse(labels);
        if (!parsed || !parsed->is_object()) {
            return Failure{.kind = Kind::local, .detail = "the labels are not a JSON object"};
        }
        body.set("labels", *std::move(parsed));
    }
    return decode_one(impl_->call({.method = "POST",
                                   .path = "/v1/enrolment-tokens",
                                   .body = json::write(std::move(body))}),
                      decode_enrolment_token);
}

Result<EnrolmentToken> Client::approve_enrolment_token(std::string_view id) {
    return decode_one(
        impl_->call(
            {.method = "POST", .path = "/v1/enrolment-tokens/" + percent_encode(id) + ":approve"}),
        decode_enrolment_token);
}

Result<std::vector<Collection>> Client::collections(std::string_view host, const ListQuery& query) {
    return decode_all(
        impl_->list({.path = host_path(host) + "/collections", .query = query_of(query)}),
        decode_collection);
}

Result<Collection> Client::collection(std::string_view host, std::string_view name) {
    return decode_one(
        impl_->call({.path = host_path(host) + "/collections/" + percent_encode(name)}),
        decode_collection);
}

Result<std::vector<Resource>> Client::resources(std::string_view host, std::string_view collection,
                                                const ListQuery& query) {
    std::string path = host_path(host) + "/resources";
    if (!collection.empty()) path += "/" + percent_encode(collection);
    return decode_all(impl_->list({.path = std::move(path), .query = query_of(query)}),
                      decode_resource);
}

Result<Resource> Client::resource(std::string_view host, std::string_view collection,
                                  std::string_view id, bool live) {
    Reply reply;
    auto value = impl_->call(
        {.path = resource_path(host, collection, id), .query = {{"live", live ? "true" : ""}}},
        &reply);
    if (!value) return value.error();
    Resource resource = decode_resource(*value);
    resource.etag = reply.headers["etag"];
    return resource;
}

Result<Command> Client::put(std::string_view host, std::string_view collection, std::string_view id,
                            const std::string& description, const PutOptions& options) {
    auto parsed = json::parse(description);
    if (!parsed) {
        return Failure{.kind = Kind::local, .detail = "the description: " + parsed.error().what};
    }
    json::Object body{{"description", *std::move(parsed)}};
    if (!options.policy.empty()) body.set("policy", options.policy);
    for (const auto& [name, text] :
         {std::pair<const char*, const std::string&>("requires", options.requires_),
          {"notifies", options.notifies}}) {
        if (text.empty()) continue;
        auto list = json::parse(text);
        if (!list) {
            return Failure{.kind = Kind::local,
                           .detail = std::string(name) + ": " + list.error().what};
        }
        body.set(name, *std::move(list));
    }
    Request request{.method = "PUT",
                    .path = resource_path(host, collection, id),
                    .body = json::write(std::move(body))};
    if (!options.if_match.empty()) request.headers["If-Match"] = options.if_match;
    if (options.create_only) request.headers["If-None-Match"] = "*";
    request.query = {{"override", options.overrides ? "true" : ""}};
    return impl_->change(std::move(request), options);
}

Result<Command> Client::remove(std::string_view host, std::string_view collection,
                               std::string_view id, const ChangeOptions& options) {
    return impl_->change({.method = "DELETE",
                          .path = resource_path(host, collection, id),
                          .query = {{"override", options.overrides ? "true" : ""}}},
                         options);
}

Result<Command> Client::forget(std::string_view host, std::string_view collection,
                               std::string_view id, const ChangeOptions& options) {
    return impl_->change(
        {.method = "POST", .path = resource_path(host, collection, id) + ":forget"}, options);
}

Result<std::vector<std::string>> Client::history(std::string_view host, std::string_view collection,
                                                 std::string_view id) {
    return list({.path = resource_path(host, collection, id) + "/history"});
}

Result<Command> Client::rollback(std::string_view host, std::string_view collection,
                                 std::string_view id, std::uint64_t revision,
                                 const ChangeOptions& options) {
    return impl_->change({.method = "POST",
                          .path = resource_path(host, collection, id) + ":rollback",
                          .query = {{"override", options.overrides ? "true" : ""}},
                          .body = json::write(json::Object{{"revision", revision}})},
                         options);
}

Result<Command> Client::invoke(std::string_view host, std::string_view collection,
                               std::string_view id, const std::string& action,
                               const std::string& arguments, const ChangeOptions& options) {
    json::Object body{{"action", action}};
    if (!arguments.empty()) {
        auto parsed = json::parse(arguments);
        if (!parsed || !parsed->is_object()) {
            return Failure{.kind = Kind::local, .detail = "the arguments are not a JSON object"};
        }
        body.set("arguments", *std::move(parsed));
    }
    return impl_->change({.method = "POST",
                          .path = resource_path(host, collection, id) + ":invoke",
                          .body = json::write(std::move(body))},
                         options);
}

Result<Command> Client::apply(std::string_view host, const std::string& file,
                              const ChangeOptions& options) {
    return impl_->change({.method = "POST", .path = host_path(host) + ":apply", .body = file},
                         options);
}

Result<FleetApplied> Client::apply_to_fleet(const Target& target, const std::string& file,
                                            const ChangeOptions& options) {
    auto body = json::parse(file);
    if (!body || !body->is_object()) {
        return Failure{.kind = Kind::local, .detail = "the FILE is not a JSON object"};
    }
    json::Object hosts;
    if (!target.filter.empty()) hosts.set("filter", target.filter);
    if (!target.hosts.empty()) {
        hosts.set("hosts", json::Array(target.hosts.begin(), target.hosts.end()));
    }
    body->as_object().set("target", std::move(hosts));
    Request request{
        .method = "POST", .path = "/v1/resources:apply", .body = json::write(*std::move(body))};
    // It is answered once each host has its command.
    request.extra_time = std::chrono::minutes(10);
    return decode_one(impl_->call(impl_->as_change(std::move(request), options)),
                      decode_fleet_applied);
}

Result<std::vector<Command>> Client::commands(const CommandQuery& query) {
    return decode_all(
        impl_->list({.path = "/v1/commands",
                     .query = query_of(query, {{"host", query.host}, {"state", query.state}})},
                    query.most),
        decode_command);
}

Result<Command> Client::command(std::string_view id) {
    return decode_one(impl_->call({.path = command_path(id)}), decode_command);
}

Result<> Client::cancel(std::string_view id) {
    auto reply = impl_->send({.method = "POST", .path = command_path(id) + ":cancel"});
    if (!reply) return reply.error();
    return {};
}

Result<Command> Client::wait(Command command, std::chrono::milliseconds timeout) {
    return wait_until_finished(impl_->http(), std::move(command), "command", timeout,
                               [this](const std::string& id) { return this->command(id); });
}

Result<ComplianceReport> Client::compliance(const ComplianceQuery& query) {
    auto list = impl_->list({.path = "/v1/compliance",
                             .query = query_of(query, {{"host", query.host},
                                                       {"collection", query.collection},
                                                       {"status", query.status}})});
    if (!list) return list.error();
    ComplianceReport report;
    report.counts = decode_counts(list->first["counts"]);
    for (const json::Value& item : list->items) report.items.push_back(decode_resource(item));
    return report;
}

Result<std::int64_t> Client::revision() {
    auto page = impl_->call({.path = "/v1/hosts", .query = {{"limit", "1"}}});
    if (!page) return page.error();
    return page->integer_or("revision");
}

}  // namespace evenkeel::client
