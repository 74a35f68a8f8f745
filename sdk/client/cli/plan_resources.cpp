#include "sdk/client/cli/plan_resources.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/plan_steps.hpp"

namespace evenkeel::cli {
namespace {

using Edits = std::vector<ResourceEdit>;

client::Edit edit_on(const std::string& host, const ResourceEdit& edit, bool overrides) {
    return {.method = edit.method,
            .path = "/v1/hosts/" + percent_encode(host) + "/resources/" +
                    percent_encode(edit.collection) + "/" + percent_encode(edit.id) + edit.verb +
                    (overrides ? "?override=true" : ""),
            .body = edit.body};
}

std::string place_of(const ResourceFiles::Entry& entry) {
    return entry.source + ": " + (entry.pointer.empty() ? "/" : entry.pointer);
}

client::Result<> check_resource(const ResourceFiles::Entry& entry) {
    const json::Value& resource = entry.resource;
    if (resource.is_object() && resource["collection"].is_string() && resource["id"].is_string())
        return {};
    return client::Failure{
        .kind = client::Kind::local,
        .code = kMisused,
        .detail = place_of(entry) + ": a resource is an object with \"collection\" and \"id\""};
}

// Each host has all edits, one host after the other.
class PlannedEdits {
  public:
    PlannedEdits(const std::vector<std::string>& hosts, const Edits& edits)
        : hosts_(hosts), edits_(edits) {}

    std::vector<client::Edit> all(bool overrides) const {
        std::vector<client::Edit> all;
        for (const std::string& host : hosts_)
            for (const ResourceEdit& edit : edits_) all.push_back(edit_on(host, edit, overrides));
        return all;
    }

    // "/changes/7/body/description" as the place in the files and the host.
    client::Failure located(client::Failure failure) const {
        for (client::FieldError& error : failure.errors) {
            const auto tokens = json::pointer_tokens(error.pointer);
            if (tokens.size() < 2 || tokens[0] != "changes") continue;
            const std::string& number = tokens[1];
            std::size_t change = 0;
            std::from_chars(number.data(), number.data() + number.size(), change);
            if (change >= hosts_.size() * edits_.size()) continue;
            const std::string before = error.pointer + ": " + error.detail;
            std::string below = error.pointer.substr(("/changes/" + number).size());
            if (below.starts_with("/body")) below.erase(0, std::string_view("/body").size());
            const ResourceFiles::Entry* entry = edits_[change % edits_.size()].entry;
            error.pointer = entry ? entry->source + ": " + entry->pointer + below : below;
            if (hosts_.size() > 1)
                error.detail = hosts_[change / edits_.size()] + ": " + error.detail;
            if (failure.detail == before)
                failure.detail =
                    error.pointer.empty() ? error.detail : error.pointer + ": " + error.detail;
        }
        return failure;
    }

  private:
    const std::vector<std::string>& hosts_;
    const Edits& edits_;
};

}  // namespace

client::Result<Edits> describing(const ResourceFiles& files) {
    Edits edits;
    for (const ResourceFiles::Entry& entry : files.entries) {
        if (const auto checked = check_resource(entry); !checked) return checked.error();
        json::Object body = entry.resource.as_object();
        body.erase("collection");
        body.erase("id");
        edits.push_back({.method = "PUT",
                         .collection = entry.resource.string_or("collection"),
                         .id = entry.resource.string_or("id"),
                         .body = json::write(std::move(body)),
                         .entry = &entry});
    }
    return edits;
}

client::Result<Edits> dropping(const ResourceFiles& files, const std::string& method,
                               const std::string& verb) {
    Edits edits;
    for (const ResourceFiles::Entry* entry : files.dependents_first()) {
        if (const auto checked = check_resource(*entry); !checked) return checked.error();
        edits.push_back({.method = method,
                         .collection = entry->resource.string_or("collection"),
                         .id = entry->resource.string_or("id"),
                         .verb = verb,
                         .entry = entry});
    }
    return edits;
}

Exit plan_resources(Session& session, const ChangeOptions& options,
                    const client::Result<Edits>& edits) {
    if (!edits) return session.fail(edits.error());
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    const PlannedEdits planned(*hosts, *edits);
    const auto made = (*client)->make_plan(planned.all(options.overrides), false, options.key);
    if (!made) return session.fail(planned.located(made.error()));
    return show_new_plan(session, *made);
}

}  // namespace evenkeel::cli
