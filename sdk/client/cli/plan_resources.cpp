#include "sdk/client/cli/plan_resources.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/plan_steps.hpp"

namespace evenkeel::cli {
namespace {

client::Edit edit_on(const std::string& host, const ResourceEdit& edit, bool overrides) {
    return {.method = edit.method,
            .path = "/v1/hosts/" + percent_encode(host) + "/resources/" +
                    percent_encode(edit.collection) + "/" + percent_encode(edit.id) + edit.verb +
                    (overrides ? "?override=true" : ""),
            .body = edit.body};
}

// "/changes/7/body/description" is of edit 3, where each of the hosts has four edits.
client::Failure of_the_entries(client::Failure failure, std::size_t edits) {
    for (client::FieldError& error : failure.errors) {
        const auto tokens = json::pointer_tokens(error.pointer);
        std::size_t change = 0;
        if (tokens.size() < 2 || tokens[0] != "changes") continue;
        const std::string& number = tokens[1];
        std::from_chars(number.data(), number.data() + number.size(), change);
        std::string rest = error.pointer.substr(("/changes/" + number).size());
        if (rest.starts_with("/body")) rest.erase(0, std::string_view("/body").size());
        const std::string before = error.pointer + ": " + error.detail;
        error.pointer = "/resources/" + std::to_string(change % edits) + rest;
        if (failure.detail == before) failure.detail = error.pointer + ": " + error.detail;
    }
    return failure;
}

}  // namespace

std::vector<ResourceEdit> describing(const ResourceFiles& files) {
    std::vector<ResourceEdit> edits;
    for (const ResourceFiles::Entry& entry : files.entries) {
        json::Object body = entry.resource.as_object();
        body.erase("collection");
        body.erase("id");
        edits.push_back({.method = "PUT",
                         .collection = entry.resource.string_or("collection"),
                         .id = entry.resource.string_or("id"),
                         .body = json::write(std::move(body))});
    }
    return edits;
}

std::vector<ResourceEdit> dropping(const ResourceFiles& files, const std::string& method,
                                   const std::string& verb) {
    std::vector<ResourceEdit> edits;
    for (const ResourceFiles::Entry& entry : files.entries)
        edits.push_back({.method = method,
                         .collection = entry.resource.string_or("collection"),
                         .id = entry.resource.string_or("id"),
                         .verb = verb});
    return edits;
}

Exit plan_resources(Session& session, const ChangeOptions& options,
                    const std::vector<ResourceEdit>& edits, const ResourceFiles* files) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    std::vector<client::Edit> all;
    for (const std::string& host : *hosts)
        for (const ResourceEdit& edit : edits)
            all.push_back(edit_on(host, edit, options.overrides));
    const auto made = (*client)->make_plan(all, false, options.key);
    if (made) return show_new_plan(session, *made);
    if (!files) return session.fail(made.error());
    return session.fail(files->located(of_the_entries(made.error(), edits.size())));
}

}  // namespace evenkeel::cli
