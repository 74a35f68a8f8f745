#include <algorithm>

#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/collections.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/list_view.hpp"
#include "sdk/client/cli/watch.hpp"
#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::cli {
namespace {

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

constexpr Column::Room kKept = Column::Room::kept;
constexpr Column::Room kWide = Column::Room::wide;

std::string labels_of(const client::Host& host) {
    std::string out;
    for (const auto& [name, value] : host.labels)
        out += (out.empty() ? "" : ",") + name + "=" + value;
    return out;
}

// What only a wide table shows of a host's facts.
struct ShownFacts {
    std::string system, address, reboot;
};
ShownFacts facts_of(const client::Host& host) {
    const auto parsed = json::parse(host.json);
    if (!parsed) return {};
    const json::Value& facts = (*parsed)["facts"];
    const json::Value& addresses = facts["addresses"];
    const bool any = addresses.is_array() && !addresses.as_array().empty();
    const json::Value none;
    const json::Value& first = any ? addresses.as_array().front() : none;
    return {facts["os"].string_or("name"), first.is_string() ? first.as_string() : "",
            facts["reboot_required"].is_object() ? "required" : ""};
}

const Columns kHostColumns{
    {"NAME", kKept},    "ENROLMENT",       "CONNECTION",       "ENVIRONMENT",
    "WANTED",           "COMPLIANT",       "DRIFTED",          "UNKNOWN",
    "FAILED",           "LAST SEEN",       {"VERSION", kWide}, {"OS", kWide},
    {"ADDRESS", kWide}, {"REBOOT", kWide}, {"LABELS", kWide},  {"ID", kWide}};

Row row_of(const client::Host& host) {
    const client::Counts& counts = host.compliance;
    const auto [system, address, reboot] = facts_of(host);
    return {host.name,
            host.enrolment,
            host.connection,
            host.environment,
            host.wanted.status,
            number(counts.compliant),
            number(counts.drifted),
            number(counts.unknown),
            number(counts.failed),
            host.last_seen,
            host.version,
            system,
            address,
            reboot,
            labels_of(host),
            host.id};
}

const Columns kCommandColumns{{"ID", kKept}, "HOST",    "VERB",
                              "STATE",       "CREATED", {"FINISHED", kWide},
                              "RESOURCES",   "ERROR",   {"REQUEST", kWide}};

// Why the command ended as it did: its own reason, else those of its resources.
std::string error_of(const client::Command& command) {
    if (command.error) return command.error->detail;
    std::string first;
    std::size_t others = 0;
    for (const client::CommandResource& resource : command.resources) {
        if (!resource.error) continue;
        if (first.empty()) first = resource.id + ": " + resource.error->detail;
        else ++others;
    }
    return others == 0 ? first : first + " (and " + std::to_string(others) + " more)";
}

Row row_of(Session& session, const client::Command& command) {
    return {command.id,
            session.host_name(command.host),
            command.verb,
            command.state,
            command.created_at,
            command.finished_at,
            std::to_string(command.resources.size()),
            error_of(command),
            command.request_id};
}

const Columns kCollectionColumns{{"HOST", kKept}, {"COLLECTION", kKept}, "PLUGIN"};

Row row_of(const std::string& host, const client::Collection& collection) {
    return {host, collection.name, collection.plugin};
}

const Columns kResourceColumns{
    {"HOST", kKept}, "COLLECTION", {"ID", kKept},     "POLICY",          {"STATUS", kKept},
    "DETAIL",        "SINCE",      {"ORIGIN", kWide}, {"OWNERS", kWide}, {"OBSERVED", kWide}};

// The assignments, and whether they are outweighed.
std::string owners_of(const client::Resource& resource) {
    std::string out;
    for (const client::Owner& owner : resource.owners)
        out += (out.empty() ? "" : ",") + owner.assignment;
    return resource.overrides ? out + " (overridden)" : out;
}

Row row_of(const std::string& host, const client::Resource& resource) {
    const auto compliance = resource.compliance.value_or(client::Compliance{});
    return {host,
            resource.collection,
            resource.id,
            resource.policy,
            compliance.status,
            detail_of(compliance),
            compliance.since,
            resource.origin,
            owners_of(resource),
            resource.observed_at};
}

const Columns kComplianceColumns{{"HOST", kKept},   "COLLECTION", {"ID", kKept},
                                 {"STATUS", kKept}, "DETAIL",     "SINCE",
                                 {"SEEN BY", kWide}};

Row verdict_row_of(Session& session, const client::Resource& item) {
    const auto verdict = item.compliance.value_or(client::Compliance{});
    return {session.host_name(item.host), item.collection, item.id,        verdict.status,
            detail_of(verdict),           verdict.since,   verdict.seen_by};
}

// What -o name prints where the host is not on the command line: what other commands take.
std::string name_on_host(const std::string& host, const std::string& collection,
                         const std::string& id) {
    return collection + (id.empty() ? "" : " " + id) + " --host " + host;
}

constexpr const char* kOneHost = "--watch follows one host";

// At most one, as what is followed is followed on one host or on all; empty: on all.
client::Result<std::string> choose_host_or_all(client::Client& client, const HostChoice& given) {
    if (given.empty()) return std::string();
    return choose_host(client, given, kOneHost);
}

// Those with all the labels.
void keep_labelled(std::vector<client::Host>& hosts, const std::vector<std::string>& selectors) {
    for (const std::string& selector : selectors) {
        const auto terms = read_selector(selector);
        std::erase_if(hosts, [&terms](const client::Host& host) {
            return !terms || !std::all_of(terms->begin(), terms->end(),
                                          [&host](const auto& term) { return holds(term, host); });
        });
    }
}

// The filter of a list of hosts for label selectors, which it can say only of role=web.
client::Result<client::ListQuery> labelled(client::ListQuery query,
                                           const std::vector<std::string>& selectors) {
    for (const std::string& selector : selectors) {
        const auto terms = read_selector(selector);
        if (!terms) return query;
        for (const LabelTerm& term : *terms) {
            if (term.test != LabelTerm::Test::equal) {
                return client::Failure{
                    .kind = client::Kind::local,
                    .code = kMisused,
                    .detail = "--watch takes label selectors like role=web only"};
            }
            query = narrowed(query, "labels." + term.name, term.value);
        }
    }
    return query;
}

Exit watch_hosts(Session& session, client::Client& client, const GetOptions& options) {
    const auto narrow = labelled(options.query, options.hosts.labels);
    if (!narrow) return session.fail(narrow.error());
    client::ListQuery query = *narrow;
    if (!options.name.empty()) {
        const auto host = client.host(options.name);
        if (!host) return session.fail(host.error());
        query = narrowed(query, "id", host->id);
    }
    return watch(session, {.path = "/v1/hosts",
                           .query = query,
                           .header = kHostColumns,
                           .row = [](const json::Value& item) {
                               return row_of(client::decode_host(item));
                           }});
}

Exit watch_commands(Session& session, client::Client& client, const GetOptions& options) {
    client::ListQuery query = options.query;
    if (!options.name.empty()) {
        const auto command = client.command(options.name);
        if (!command) return session.fail(command.error());
        query = narrowed(query, "id", command->id);
    }
    const auto host = choose_host_or_all(client, options.hosts);
    if (!host) return session.fail(host.error());
    return watch(session, {.path = "/v1/commands",
                           .query = query,
                           .more = {{"host", *host}, {"state", options.state}},
                           .header = kCommandColumns,
                           .row =
                               [&session](const json::Value& item) {
                                   return row_of(session, client::decode_command(item));
                               },
                           .most = options.limit});
}

// What hosts can look after, or what is described on them.
Exit watch_of_host(Session& session, client::Client& client, const GetOptions& options,
                   bool collections) {
    const auto host = choose_host(client, options.hosts, kOneHost);
    if (!host) return session.fail(host.error());
    WatchedList list{.path = "/v1/hosts/" + percent_encode(*host), .query = options.query};
    if (collections) {
        list.path += "/collections";
        list.header = kCollectionColumns;
        list.row = [&host](const json::Value& item) {
            return row_of(*host, client::decode_collection(item));
        };
        if (!options.name.empty()) list.query = narrowed(list.query, "collection", options.name);
    } else {
        list.path += "/resources";
        list.header = kResourceColumns;
        list.row = [&host](const json::Value& item) {
            return row_of(*host, client::decode_resource(item));
        };
        if (!options.name.empty()) list.path += "/" + percent_encode(options.name);
        if (!options.id.empty()) list.query = narrowed(list.query, "id", options.id);
        if (!options.state.empty()) {
            list.query = narrowed(list.query, "compliance.status", options.state);
        }
    }
    return watch(session, list);
}

Exit watch_compliance(Session& session, client::Client& client, const ComplianceOptions& options) {
    const auto host = choose_host_or_all(client, options.hosts);
    if (!host) return session.fail(host.error());
    return watch(
        session,
        {.path = "/v1/compliance",
         .query = options.query,
         .more = {{"host", *host}, {"collection", options.collection}, {"status", options.status}},
         .header = kComplianceColumns,
         .row =
             [&session](const json::Value& item) {
                 return verdict_row_of(session, client::decode_resource(item));
             },
         .name =
             [&session](const json::Value& item) {
                 return name_on_host(session.host_name(item.string_or("host")),
                                     item.string_or("collection"), item.string_or("id"));
             }});
}

}  // namespace

Exit get_hosts(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (options.watch) return watch_hosts(session, **client, options);
    const bool one = !options.name.empty();
    auto hosts = one ? as_list(find_host(**client, options.name)) : (*client)->hosts(options.query);
    if (!hosts) return session.fail(hosts.error());
    keep_labelled(*hosts, options.hosts.labels);
    Table table{kHostColumns, {}};
    for (const client::Host& host : *hosts) table.rows.push_back(row_of(host));
    return show(session.output(), table, *hosts, one && !hosts->empty());
}

Exit get_commands(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (options.watch) return watch_commands(session, **client, options);
    const bool one = !options.name.empty();
    std::vector<client::Command> found;
    std::vector<std::string> hosts{""};
    if (!options.hosts.empty() && !one) {
        auto chosen = choose_hosts(**client, options.hosts);
        if (!chosen) return session.fail(chosen.error());
        hosts = *std::move(chosen);
    }
    for (const std::string& host : hosts) {
        auto commands =
            one ? as_list((*client)->command(options.name))
                : (*client)->commands({options.query, host, options.state, options.limit});
        if (!commands) return session.fail(commands.error());
        for (client::Command& command : *commands) found.push_back(std::move(command));
    }
    Table table{kCommandColumns, {}};
    if (session.output().is_data()) return show(session.output(), table, found, one);
    for (const client::Command& command : found) table.rows.push_back(row_of(session, command));
    return show(session.output(), table, found, one);
}

Exit get_collections(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (options.watch) return watch_of_host(session, **client, options, true);
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    const bool one = !options.name.empty();
    const bool names_hosts = session.output().is_name() && hosts->size() > 1;
    std::vector<client::Collection> found;
    Table table{kCollectionColumns, {}};
    for (const std::string& host : *hosts) {
        auto collections = one ? as_list((*client)->collection(host, options.name))
                               : (*client)->collections(host, options.query);
        if (!collections) return session.fail(collections.error(), host);
        for (client::Collection& collection : *collections) {
            if (names_hosts) session.output().name_line(name_on_host(host, collection.name, ""));
            table.rows.push_back(row_of(host, collection));
            found.push_back(std::move(collection));
        }
    }
    if (names_hosts) return Exit::done;
    return show(session.output(), table, found, one && found.size() == 1);
}

Exit get_resources(Session& session, const GetOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (options.watch) return watch_of_host(session, **client, options, false);
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    const bool one = !options.id.empty();
    client::ListQuery query = options.query;
    if (!options.state.empty()) query = narrowed(query, "compliance.status", options.state);
    const bool names_hosts = session.output().is_name() && hosts->size() > 1;
    std::vector<client::Resource> found;
    Table table{kResourceColumns, {}};
    for (const std::string& host : *hosts) {
        auto resources = one ? as_list((*client)->resource(host, options.name, options.id))
                             : (*client)->resources(host, options.name, query);
        if (!resources) return session.fail(resources.error(), host);
        for (client::Resource& resource : *resources) {
            if (names_hosts)
                session.output().name_line(name_on_host(host, resource.collection, resource.id));
            table.rows.push_back(row_of(host, resource));
            found.push_back(std::move(resource));
        }
    }
    if (names_hosts) return Exit::done;
    return show(session.output(), table, found, one && found.size() == 1);
}

namespace {

// An empty answer about a collection that no host has is a slip of the pen.
client::Result<> require_collection(client::Client& client, const HostChoice& choice,
                                    const std::string& name) {
    const auto hosts = choose_hosts(client, choice);
    if (!hosts) return hosts.error();
    const auto found = find_collection(client, *hosts, name);
    if (!found) return found.error();
    return {};
}

}  // namespace

Exit compliance(Session& session, const ComplianceOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (options.watch) return watch_compliance(session, **client, options);
    std::vector<std::string> hosts{""};
    if (!options.hosts.empty()) {
        auto chosen = choose_hosts(**client, options.hosts);
        if (!chosen) return session.fail(chosen.error());
        hosts = *std::move(chosen);
    }
    client::Counts counts;
    bool any = false;
    std::vector<std::string> items;
    Table table{kComplianceColumns, {}};
    for (const std::string& host : hosts) {
        const auto report =
            (*client)->compliance({options.query, host, options.collection, options.status});
        if (!report) return session.fail(report.error(), host);
        any = any || !report->items.empty();
        counts.compliant += report->counts.compliant;
        counts.drifted += report->counts.drifted;
        counts.unknown += report->counts.unknown;
        counts.failed += report->counts.failed;
        for (const client::Resource& item : report->items) {
            items.push_back(item.json);
            if (session.output().is_name()) {
                session.output().name_line(
                    name_on_host(session.host_name(item.host), item.collection, item.id));
            }
            if (!session.output().is_data()) table.rows.push_back(verdict_row_of(session, item));
        }
    }
    if (!any && !options.collection.empty()) {
        const auto there = require_collection(**client, options.hosts, options.collection);
        if (!there) return session.fail(there.error());
    }
    if (session.output().is_name()) return Exit::done;
    if (session.output().is_data()) {
        session.output().data_items(
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
