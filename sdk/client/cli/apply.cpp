#include "core/json/json.hpp"
#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/fleet.hpp"
#include "sdk/client/cli/resource_files.hpp"

namespace evenkeel::cli {
Exit apply(Session& session, const ApplyOptions& options) {
    const auto files = read_resource_files(options.files);
    if (!files) return session.fail(files.error());
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

// Removes or forgets each resource of the files, before those that it requires.
using Drop = client::Result<client::Command> (client::Client::*)(std::string_view host,
                                                                 std::string_view collection,
                                                                 std::string_view id,
                                                                 const client::ChangeOptions&);
Exit drop_files(Session& session, const ApplyOptions& options, Drop drop) {
    const auto files = read_resource_files(options.files);
    if (!files) return session.fail(files.error());
    std::vector<Send> sends;
    for (const ResourceFiles::Entry* entry : files->dependents_first()) {
        const std::string collection = entry->resource.string_or("collection");
        const std::string id = entry->resource.string_or("id");
        sends.push_back([collection, id, drop](client::Client& client, const std::string& host,
                                               const client::ChangeOptions& asked) {
            return (client.*drop)(host, collection, id, asked);
        });
    }
    return change_hosts(session, options, sends);
}

}  // namespace

Exit delete_files(Session& session, const ApplyOptions& options) {
    return drop_files(session, options, &client::Client::remove);
}

Exit forget_files(Session& session, const ApplyOptions& options) {
    return drop_files(session, options, &client::Client::forget);
}

Exit delete_resource(Session& session, const ResourceOptions& options) {
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
    return change_hosts(session, options,
                        [&options](client::Client& client, const std::string& host,
                                   const client::ChangeOptions& asked) {
                            return client.forget(host, options.collection, options.id, asked);
                        });
}

}  // namespace evenkeel::cli
