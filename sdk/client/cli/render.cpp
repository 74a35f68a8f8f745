#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/yaml.hpp"

namespace evenkeel::cli {
namespace {

std::string owners_of(const client::WantedResource& resource) {
    std::string out;
    for (const client::Owner& owner : resource.owners)
        out += (out.empty() ? "" : ",") + owner.assignment;
    return out;
}

Exit render_one(Session& session, client::Client& client, const RenderOptions& options) {
    const auto resource = client.wanted_resource(options.host, options.collection, options.id);
    if (!resource) return session.fail(resource.error());
    const auto value = json::parse(resource->json, {.bytes = 64 << 20});
    if (session.output().is_data() || !value) session.output().data(resource->json);
    else session.output().text(write_yaml(*value));
    return Exit::done;
}

std::string line_of(const client::CompileError& error) {
    std::string line;
    for (const std::string& part : {error.assignment, error.pointer, error.code}) {
        if (!part.empty()) line += part + ": ";
    }
    return line + error.detail;
}

// Why there is nothing to show of them.
Exit tell_errors(const std::string& host, const client::Wanted& wanted) {
    for (const client::CompileError& error : wanted.errors)
        Output::message(host + ": " + line_of(error));
    if (wanted.status != "error") return Exit::done;
    Output::message(host + " does not compile, and keeps what it has");
    return Exit::failed;
}

}  // namespace

Exit render_host(Session& session, const RenderOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (!options.id.empty()) return render_one(session, **client, options);
    const auto wanted = (*client)->wanted(options.host, options.collection);
    if (!wanted) return session.fail(wanted.error());
    const Output& output = session.output();
    if (output.is_name()) {
        for (const client::WantedResource& item : wanted->items) output.data(item.json);
    } else if (output.is_data()) {
        output.data(wanted->json);
    } else {
        using Room = Column::Room;
        Table table{{"COLLECTION", {"ID", Room::kept}, "POLICY", {"OWNERS", Room::kept}}, {}};
        for (const client::WantedResource& item : wanted->items)
            table.rows.push_back({item.collection, item.id, item.policy, owners_of(item)});
        output.table(table);
    }
    return tell_errors(options.host, *wanted);
}

}  // namespace evenkeel::cli
