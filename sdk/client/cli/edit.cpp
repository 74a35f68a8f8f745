#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/editor.hpp"

namespace evenkeel::cli {
namespace {

constexpr int kTriesMost = 3;
// The members of a resource that can be described.
const std::vector<std::string> kMembers{"description", "policy", "requires", "notifies"};

client::PutOptions put_options(const json::Value& wanted, const client::ChangeOptions& asked) {
    client::PutOptions options;
    static_cast<client::ChangeOptions&>(options) = asked;
    options.policy = wanted.string_or("policy");
    if (const json::Value* list = wanted.find("requires")) options.requires_ = json::write(*list);
    if (const json::Value* list = wanted.find("notifies")) options.notifies = json::write(*list);
    return options;
}

// Puts what was written in place of what was read. A verdict that has changed meanwhile is no
// conflict, another description is.
client::Result<client::Command> put(client::Client& client, const std::string& host,
                                    const EditOptions& options, const json::Object& before,
                                    std::string etag, const json::Value& wanted,
                                    const client::ChangeOptions& asked) {
    client::PutOptions how = put_options(wanted, asked);
    for (int attempt = 1;; ++attempt) {
        how.if_match = etag;
        auto command = client.put(host, options.collection, options.id,
                                  json::write(wanted["description"]), how);
        if (command || command.error().status != 412 || attempt == kTriesMost) return command;
        const auto now = client.resource(host, options.collection, options.id);
        if (!now) return now.error();
        const auto resource = json::parse(now->json, {.bytes = 64 << 20});
        if (!resource || !(json::Value(members_of(*resource, kMembers)) == json::Value(before))) {
            return command;
        }
        etag = now->etag;
    }
}

}  // namespace

Exit edit(Session& session, const EditOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto host = choose_host(**client, options.hosts, "edit changes what is on one host");
    if (!host) return session.fail(host.error());
    const auto resource = (*client)->resource(*host, options.collection, options.id);
    if (!resource) return session.fail(resource.error());
    const auto value = json::parse(resource->json, {.bytes = 64 << 20});
    const Editable editable{.title = options.collection + " " + options.id + " on " + *host,
                            .members = kMembers,
                            .before = members_of(value ? *value : json::Value(), kMembers)};
    return edit_in_editor(session, editable, [&](const json::Value& after) {
        ChangeOptions change = options;
        change.hosts = {{*host}, {}};
        return change_hosts(
            session, change,
            [&](client::Client& with, const std::string& on, const client::ChangeOptions& asked) {
                return put(with, on, options, editable.before, resource->etag, after, asked);
            });
    });
}

}  // namespace evenkeel::cli
