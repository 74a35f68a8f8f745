#include "core/json/json.hpp"
#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/hosts.hpp"

// What a resource was described as, and describing it so again.
namespace evenkeel::cli {
namespace {

struct Former {
    std::string text;
    json::Value entry;

    std::int64_t revision() const { return entry["generation"].integer_or("revision"); }
};

client::Result<std::vector<Former>> fetch(client::Client& client, const std::string& host,
                                          const ResourceOptions& options) {
    auto texts = client.history(host, options.collection, options.id);
    if (!texts) return texts.error();
    std::vector<Former> all;
    for (std::string& text : *texts) {
        auto entry = json::parse(text, {.bytes = 64 << 20}).value_or(json::Value());
        all.push_back({std::move(text), std::move(entry)});
    }
    return all;
}

// The names of the fields that differ from those of the description before.
std::string differences(const json::Value& from, const json::Value& to) {
    std::string names;
    const auto add = [&](const std::string& name) { names += (names.empty() ? "" : " ") + name; };
    for (const auto& [name, value] : to.as_object())
        if (from[name] != value) add(name);
    for (const auto& [name, value] : from.as_object())
        if (!to.find(name)) add(name);
    return names;
}

std::string changes_of(const std::vector<Former>& all, std::size_t at) {
    if (at + 1 == all.size()) return "";
    const json::Value& entry = all[at].entry;
    const json::Value& before = all[at + 1].entry;
    if (!entry["description"].is_object() || !before["description"].is_object()) return "";
    std::string names = differences(before["description"], entry["description"]);
    for (const char* name : {"policy", "requires", "notifies"})
        if (entry[name] != before[name]) names += (names.empty() ? "" : " ") + std::string(name);
    return names;
}

Table table_of(const std::vector<Former>& all) {
    Table table{{"REVISION", "WRITTEN", "POLICY", "ORIGIN", "SUCCEEDED", "CHANGED", ""}, {}};
    for (std::size_t at = 0; at < all.size(); ++at) {
        const json::Value& entry = all[at].entry;
        table.rows.push_back({all[at].revision() > 0 ? std::to_string(all[at].revision()) : "-",
                              entry.string_or("written_at"), entry.string_or("policy"),
                              entry.string_or("origin"), entry.bool_or("succeeded") ? "yes" : "-",
                              changes_of(all, at), entry.bool_or("current") ? "current" : ""});
    }
    return table;
}

// The last other description that a command has brought to the machine.
client::Result<std::uint64_t> last_good(client::Client& client, const std::string& host,
                                        const ResourceOptions& options) {
    const auto all = fetch(client, host, options);
    if (!all) return all.error();
    bool has_other = false;
    for (const Former& one : *all) {
        if (one.entry.bool_or("current") || one.revision() == 0) continue;
        if (one.entry.bool_or("succeeded")) return static_cast<std::uint64_t>(one.revision());
        has_other = true;
    }
    const std::string what = host + ": " + options.collection + " " + options.id;
    return client::Failure{
        .kind = client::Kind::local,
        .detail = has_other ? what +
                                  " has no other description whose command is known to have "
                                  "succeeded: choose one of `ek history` with --to"
                            : what + " was never described in another way"};
}

}  // namespace

Exit history(Session& session, const HistoryOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto all = fetch(**client, options.host, options);
    if (!all) return session.fail(all.error());
    if (session.output().is_data()) {
        std::vector<std::string> texts;
        for (const Former& one : *all) texts.push_back(one.text);
        session.output().data_items(texts);
    } else {
        session.output().table(table_of(*all));
    }
    return Exit::done;
}

Exit rollback(Session& session, const RollbackOptions& options) {
    return change_hosts(
        session, options,
        [&options](client::Client& client, const std::string& host,
                   const client::ChangeOptions& asked) -> client::Result<client::Command> {
            std::uint64_t revision = options.revision;
            if (revision == 0) {
                const auto before = last_good(client, host, options);
                if (!before) return before.error();
                revision = *before;
            }
            return client.rollback(host, options.collection, options.id, revision, asked);
        });
}

}  // namespace evenkeel::cli
