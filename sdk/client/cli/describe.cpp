#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/manifests/objects.hpp"

namespace evenkeel::cli {
namespace {

constexpr const char* kOneHost = "describe shows what is on one host";

template <typename T>
Exit show(const Session& session, const client::Result<T>& found) {
    if (!found) return session.fail(found.error());
    if (session.output().is_data()) session.output().data(found->json);
    else session.output().outline(found->json);
    return Exit::done;
}

}  // namespace

Exit describe_host(Session& session, const DescribeOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    return show(session, find_host(**client, options.name));
}

Exit describe_command(Session& session, const DescribeOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    return show(session, (*client)->command(options.name));
}

Exit describe_collection(Session& session, const DescribeOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto host = choose_host(**client, options.host, kOneHost);
    if (!host) return session.fail(host.error());
    return show(session, (*client)->collection(*host, options.name));
}

Exit describe_resource(Session& session, const DescribeOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto host = choose_host(**client, options.host, kOneHost);
    if (!host) return session.fail(host.error());
    return show(session, (*client)->resource(*host, options.name, options.id, options.live));
}

Exit describe_object(Session& session, const ObjectOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    switch (options.kind) {
        case ObjectKind::environment:
            return show(session, (*client)->environment(options.name));
        case ObjectKind::setting:
            return show(session, (*client)->setting(options.scope, options.name));
        case ObjectKind::application:
            return show(session, (*client)->application(options.name));
        default:
            return show(session, (*client)->assignment(options.name));
    }
}

}  // namespace evenkeel::cli
