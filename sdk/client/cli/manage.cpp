#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/input.hpp"
#include "sdk/client/cli/model_changes.hpp"
#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::cli {

Exit rename_host(Session& session, const ManageOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto host =
        (*client)->update_host(options.name, json::write(json::Object{{"name", options.new_name}}));
    if (!host) return session.fail(host.error());
    if (session.output().is_data()) session.output().data(host->json);
    Output::message("host " + options.name + " is named " + host->name);
    return Exit::done;
}

Exit place_host(Session& session, const PlaceOptions& options) {
    auto labels = labels_from(options.labels, true);
    if (!labels) return Exit::usage;
    json::Object patch;
    if (!options.environment.empty()) patch.set("environment", options.environment);
    if (!labels->empty()) patch.set("labels", *std::move(labels));
    return change_model(session,
                        {.method = "PATCH",
                         .path = "/v1/hosts/" + percent_encode(options.host),
                         .body = json::write(std::move(patch))},
                        options, [&options](const std::string& answer) {
                            const auto parsed = json::parse(answer, {.bytes = 64 << 20});
                            const client::Host host =
                                client::decode_host(parsed ? *parsed : json::Value());
                            std::string shown;
                            for (const auto& [name, value] : host.labels)
                                shown += " " + name + "=" + value;
                            std::string words = "host " + host.name;
                            if (!options.environment.empty()) words += " is in " + host.environment;
                            if (options.labels.empty()) return words;
                            if (!options.environment.empty()) words += " and";
                            return words + " has" + (shown.empty() ? " no labels" : shown);
                        });
}

Exit retire_host(Session& session, const PlaceOptions& options) {
    return change_model(
        session,
        {.method = "POST", .path = "/v1/hosts/" + percent_encode(options.host) + ":retire"},
        options, "host " + options.host + " is retired: its certificate is no longer accepted");
}

Exit release_name(Session& session, const ManageOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto host = (*client)->release_name(options.name);
    if (!host) return session.fail(host.error());
    if (session.output().is_data()) session.output().data(host->json);
    Output::message("the name " + host->name + " is not kept for " + host->id + " any more");
    return Exit::done;
}

Exit cancel_command(Session& session, const ManageOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto cancelled = (*client)->cancel(options.name);
    if (!cancelled) return session.fail(cancelled.error());
    Output::message("cancelling " + options.name + " was asked for; see: ek describe command " +
                    options.name);
    return Exit::done;
}

}  // namespace evenkeel::cli
