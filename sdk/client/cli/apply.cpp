#include "core/json/json.hpp"
#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/fleet.hpp"
#include "sdk/client/cli/plan_resources.hpp"
#include "sdk/client/cli/resource_files.hpp"

namespace evenkeel::cli {
Exit apply(Session& session, const ApplyOptions& options) {
    const auto files = read_resource_files(options.files);
    if (!files) return session.fail(files.error());
    if (options.plan_only) return plan_resources(session, options, describing(*files));
    if (!options.target.empty()) return apply_to_fleet(session, options, *files);
    const std::string file = files->file();
    return change_hosts(session, options,
                        [&](client::Client& client, const std::string& host,
                            const client::ChangeOptions& asked) -> client::Result<client::Command> {
                            auto command = client.apply(host, file, asked);
                            if (!command) return files->located(command.error());
                            return command;
                        });
}

namespace {

// How a resource is removed or forgotten: at once, and in a plan.
struct Drop {
    client::Result<client::Command> (client::Client::*send)(std::string_view host,
                                                            std::string_view collection,
                                                            std::string_view id,
                                                            const client::ChangeOptions&);
    const char* method;
    const char* verb;
};
constexpr Drop kDelete{&client::Client::remove, "DELETE", ""};
constexpr Drop kForget{&client::Client::forget, "POST", ":forget"};

Exit plan_one(Session& session, const ResourceOptions& options, const Drop& drop) {
    return plan_resources(session, options,
                          std::vector{ResourceEdit{.method = drop.method,
                                                   .collection = options.collection,
                                                   .id = options.id,
                                                   .verb = drop.verb}});
}

// Each resource of the files, before those that it requires.
Exit drop_files(Session& session, const ApplyOptions& options, const Drop& drop) {
    const auto files = read_resource_files(options.files);
    if (!files) return session.fail(files.error());
    if (options.plan_only)
        return plan_resources(session, options, dropping(*files, drop.method, drop.verb));
    std::vector<Send> sends;
    for (const ResourceFiles::Entry* entry : files->dependents_first()) {
        const std::string collection = entry->resource.string_or("collection");
        const std::string id = entry->resource.string_or("id");
        sends.push_back([collection, id, send = drop.send](client::Client& client,
                                                           const std::string& host,
                                                           const client::ChangeOptions& asked) {
            return (client.*send)(host, collection, id, asked);
        });
    }
    return change_hosts(session, options, sends);
}

}  // namespace

Exit delete_files(Session& session, const ApplyOptions& options) {
    return drop_files(session, options, kDelete);
}

Exit forget_files(Session& session, const ApplyOptions& options) {
    return drop_files(session, options, kForget);
}

Exit delete_resource(Session& session, const ResourceOptions& options) {
    if (options.plan_only) return plan_one(session, options, kDelete);
    return change_hosts(session, options,
                        [&options](client::Client& client, const std::string& host,
                                   const client::ChangeOptions& asked) {
                            return client.remove(host, options.collection, options.id, asked);
                        });
}

namespace {

// Checked here, where it can be told where it is wrong, and before anything is sent.
client::Result<> check_arguments(const std::string& arguments) {
    if (arguments.empty()) return {};
    const auto parsed = json::parse(arguments);
    if (parsed && parsed->is_object()) return {};
    return client::Failure{.kind = client::Kind::local,
                           .code = kMisused,
                           .detail = "--arguments is a JSON object such as {\"name\":1}" +
                                     (parsed ? "" : ": " + parsed.error().what)};
}

}  // namespace

Exit invoke(Session& session, const InvokeOptions& options) {
    if (const auto checked = check_arguments(options.arguments); !checked)
        return session.fail(checked.error());
    return change_hosts(session, options,
                        [&options](client::Client& client, const std::string& host,
                                   const client::ChangeOptions& asked) {
                            return client.invoke(host, options.collection, options.id,
                                                 options.action, options.arguments, asked);
                        });
}

Exit forget_resource(Session& session, const ResourceOptions& options) {
    if (options.plan_only) return plan_one(session, options, kForget);
    return change_hosts(session, options,
                        [&options](client::Client& client, const std::string& host,
                                   const client::ChangeOptions& asked) {
                            return client.forget(host, options.collection, options.id, asked);
                        });
}

}  // namespace evenkeel::cli
