#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/manifest.hpp"

namespace evenkeel::cli {
Exit apply(Session& session, const ApplyOptions& options) {
    const auto manifest = read_manifest(options.files);
    if (!manifest) return session.fail(manifest.error());
    const std::string file = manifest->file();
    return change_hosts(session, options,
                        [&](client::Client& client, const std::string& host,
                            const client::ChangeOptions& asked) -> client::Result<client::Command> {
                            auto command = client.apply(host, file, asked);
                            if (!command) return manifest->located(command.error());
                            return command;
                        });
}

Exit delete_files(Session& session, const ApplyOptions& options) {
    const auto manifest = read_manifest(options.files);
    if (!manifest) return session.fail(manifest.error());
    std::vector<Send> sends;
    for (const Manifest::Entry* entry : manifest->dependents_first()) {
        const std::string collection = entry->resource.string_or("collection");
        const std::string id = entry->resource.string_or("id");
        sends.push_back([collection, id](client::Client& client, const std::string& host,
                                         const client::ChangeOptions& asked) {
            return client.remove(host, collection, id, asked);
        });
    }
    return change_hosts(session, options, sends);
}

Exit delete_resource(Session& session, const ResourceOptions& options) {
    return change_hosts(session, options,
                        [&options](client::Client& client, const std::string& host,
                                   const client::ChangeOptions& asked) {
                            return client.remove(host, options.collection, options.id, asked);
                        });
}

Exit invoke(Session& session, const InvokeOptions& options) {
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
