#include "core/json/json.hpp"
#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/input.hpp"

namespace evenkeel::cli {
namespace {

// Enough to tell a wrong file from a wrong entry before anything is sent; the API judges the rest.
client::Result<std::string> load(const std::string& path) {
    auto content = read_input(path);
    if (!content) return content.error();
    const auto refuse = [&path](const std::string& why) {
        return client::Failure{.kind = client::Kind::local, .detail = path + ": " + why};
    };
    const auto value = json::parse(*content, {.bytes = kInputBytesMost});
    if (!value) return refuse(value.error().what);
    if (!(*value)["resources"].is_array()) {
        return refuse("not like {\"resources\":[{\"collection\",\"id\",\"description\"}]}");
    }
    return content;
}

}  // namespace

Exit apply(Session& session, const ApplyOptions& options) {
    const auto file = load(options.file);
    if (!file) return session.fail(file.error());
    return change_hosts(
        session, options,
        [&file](client::Client& client, const std::string& host,
                const client::ChangeOptions& asked) { return client.apply(host, *file, asked); });
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
