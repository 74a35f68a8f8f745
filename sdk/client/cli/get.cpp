#include "sdk/client/cli/commands.hpp"

namespace evenkeel::cli {
namespace {

// One object when a name was given, else the list.
template <typename T>
Exit show(const Output& output, const Table& table, const std::vector<T>& items, bool one) {
    if (!output.is_json()) {
        output.table(table);
    } else if (one) {
        output.json(items.front().json);
    } else {
        std::vector<std::string> texts;
        for (const T& item : items) texts.push_back(item.json);
        output.json_items(texts);
    }
    return Exit::done;
}

template <typename T>
client::Result<std::vector<T>> as_list(client::Result<T> one) {
    if (!one) return one.error();
    return std::vector<T>{*std::move(one)};
}

std::string number(std::int64_t value) {
    return std::to_string(value);
}

// What is to know beside the status: why, and which fields.
std::string detail_of(const client::Compliance& compliance) {
    std::string out = compliance.reason;
    for (const client::FieldDrift& field : compliance.fields) {
        if (!out.empty()) out += ", ";
        out += field.path + " " + brief(field.expected) + " is " + brief(field.actual);
    }
    if (!compliance.last.empty()) out += " (was " + compliance.last + ")";
    return out;
}

}  // namespace

Exit get_hosts(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const bool one = !options.name.empty();
    const auto hosts =
        one ? as_list((*client)->host(options.name)) : (*client)->hosts(options.query);
    if (!hosts) return session.fail(hosts.error());
    Table table{{"NAME", "ENROLMENT", "CONNECTION", "COMPLIANT", "DRIFTED", "UNKNOWN", "FAILED",
                 "LAST SEEN", "VERSION", "ID"},
                {}};
    for (const client::Host& host : *hosts) {
        const client::Counts& counts = host.compliance;
        table.rows.push_back({host.name, host.enrolment, host.connection, number(counts.compliant),
                              number(counts.drifted), number(counts.unknown), number(counts.failed),
                              host.last_seen, host.version, host.id});
    }
    return show(session.output(), table, *hosts, one);
}

Exit get_commands(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const bool one = !options.name.empty();
    std::vector<client::Command> found;
    std::vector<std::string> hosts = options.hosts;
    if (hosts.empty() || one) hosts = {""};
    for (const std::string& host : hosts) {
        auto commands =
            one ? as_list((*client)->command(options.name))
                : (*client)->commands({options.query, host, options.state, options.limit});
        if (!commands) return session.fail(commands.error());
        for (client::Command& command : *commands) found.push_back(std::move(command));
    }
    Table table{{"ID", "HOST", "VERB", "STATE", "CREATED", "FINISHED", "RESOURCES", "ERROR"}, {}};
    if (session.output().is_json()) return show(session.output(), table, found, one);
    for (const client::Command& command : found) {
        const std::string error = command.error ? command.error->detail : "";
        table.rows.push_back({command.id, session.host_name(command.host), command.verb,
                              command.state, command.created_at, command.finished_at,
                              std::to_string(command.resources.size()), error});
    }
    return show(session.output(), table, found, one);
}

Exit get_collections(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    const bool one = !options.name.empty();
    std::vector<client::Collection> found;
    Table table{{"HOST", "COLLECTION", "PLUGIN"}, {}};
    for (const std::string& host : *hosts) {
        auto collections = one ? as_list((*client)->collection(host, options.name))
                               : (*client)->collections(host, options.query);
        if (!collections) return session.fail(collections.error(), host);
        for (client::Collection& collection : *collections) {
            table.rows.push_back({host, collection.name, collection.plugin});
            found.push_back(std::move(collection));
        }
    }
    return show(session.output(), table, found, one && found.size() == 1);
}

Exit get_resources(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    const bool one = !options.id.empty();
    std::vector<client::Resource> found;
    Table table{{"HOST", "COLLECTION", "ID", "POLICY", "STATUS", "DETAIL", "SINCE"}, {}};
    for (const std::string& host : *hosts) {
        auto resources = one ? as_list((*client)->resource(host, options.name, options.id))
                             : (*client)->resources(host, options.name, options.query);
        if (!resources) return session.fail(resources.error(), host);
        for (client::Resource& resource : *resources) {
            const auto compliance = resource.compliance.value_or(client::Compliance{});
            table.rows.push_back({host, resource.collection, resource.id, resource.policy,
                                  compliance.status, detail_of(compliance), compliance.since});
            found.push_back(std::move(resource));
        }
    }
    return show(session.output(), table, found, one && found.size() == 1);
}

Exit compliance(Session& session, const ComplianceOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    std::vector<std::string> hosts{""};
    if (!options.hosts.empty()) {
        auto chosen = choose_hosts(**client, options.hosts);
        if (!chosen) return session.fail(chosen.error());
        hosts = *std::move(chosen);
    }
    client::Counts counts;
    std::vector<std::string> items;
    Table table{{"HOST", "COLLECTION", "ID", "STATUS", "DETAIL", "SINCE", "SEEN BY"}, {}};
    for (const std::string& host : hosts) {
        const auto report =
            (*client)->compliance({options.query, host, options.collection, options.status});
        if (!report) return session.fail(report.error(), host);
        counts.compliant += report->counts.compliant;
        counts.drifted += report->counts.drifted;
        counts.unknown += report->counts.unknown;
        counts.failed += report->counts.failed;
        for (const client::Resource& item : report->items) {
            items.push_back(item.json);
            if (session.output().is_json()) continue;
            const auto verdict = item.compliance.value_or(client::Compliance{});
            table.rows.push_back({session.host_name(item.host), item.collection, item.id,
                                  verdict.status, detail_of(verdict), verdict.since,
                                  verdict.seen_by});
        }
    }
    if (session.output().is_json()) {
        session.output().json_items(
            items, "{\"counts\":{\"compliant\":" + number(counts.compliant) + ",\"drifted\":" +
                       number(counts.drifted) + ",\"unknown\":" + number(counts.unknown) +
                       ",\"failed\":" + number(counts.failed) + "}}");
        return Exit::done;
    }
    session.output().table(table);
    session.output().text("\n" + number(counts.compliant) + " compliant, " +
                          number(counts.drifted) + " drifted, " + number(counts.unknown) +
                          " unknown, " + number(counts.failed) + " failed\n");
    return Exit::done;
}

}  // namespace evenkeel::cli
