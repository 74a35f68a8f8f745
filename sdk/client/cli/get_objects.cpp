#include "core/base/text.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/list_view.hpp"
#include "sdk/client/cli/model_changes.hpp"
#include "sdk/client/cli/watch.hpp"
#include "sdk/client/cpp/decode.hpp"

// Lists of environments, settings, applications and assignments.
namespace evenkeel::cli {
namespace {

constexpr Column::Room kKept = Column::Room::kept;
constexpr Column::Room kWide = Column::Room::wide;

template <typename T>
struct ObjectList {
    std::string path;
    const char* member;  // of the list's filter, that names one
    Columns header;
    T (*decode)(const json::Value&);
    std::function<Row(const T&)> row;
    std::function<client::Result<std::vector<T>>(client::Client&)> read;
};

template <typename T>
Exit get(Session& session, const ObjectQuery& options, const ObjectList<T>& list) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const bool one = !options.name.empty();
    if (!options.watch || one) {
        const auto items = list.read(**client);
        if (!items) return session.fail(items.error());
        if (!options.watch) {
            Table table{list.header, {}};
            if (!session.output().is_data()) {
                for (const T& item : *items) table.rows.push_back(list.row(item));
            }
            return show(session.output(), table, *items, one);
        }
    }
    client::ListQuery query = options.query;
    if (one) query = narrowed(query, list.member, options.name);
    return watch(session,
                 {.path = list.path,
                  .query = query,
                  .header = list.header,
                  .row = [&list](const json::Value& item) { return list.row(list.decode(item)); }});
}

std::string yes_or_no(bool is_so) {
    return is_so ? "yes" : "no";
}

std::string revision_of(const std::string& etag) {
    return etag.substr(1, etag.size() - 2);
}

std::string version_of(const client::Assignment& assignment) {
    return assignment.version == 0 ? "latest" : std::to_string(assignment.version);
}

std::size_t size_of(const std::string& json) {
    const auto list = json::parse(json, {.bytes = 64 << 20});
    return list && list->is_array() ? list->as_array().size() : 0;
}

std::string parameters_of(const client::Application& application) {
    const auto schema = json::parse(application.parameters, {.bytes = 64 << 20});
    std::string names;
    if (!schema || !(*schema)["properties"].is_object()) return names;
    for (const auto& [name, parameter] : (*schema)["properties"].as_object())
        names += (names.empty() ? "" : ",") + name;
    return names;
}

const Columns kApplicationColumns{{"NAME", kKept}, {"VERSION", kKept}, "RESOURCES", "PARAMETERS",
                                  "NOTE",          {"REVISION", kWide}};

Row row_of(const client::Application& application) {
    return {application.name,
            std::to_string(application.version),
            std::to_string(size_of(application.resources)),
            parameters_of(application),
            application.note,
            revision_of(application.etag)};
}

}  // namespace

std::string shown_scope(Session& session, const std::string& scope) {
    constexpr std::string_view kHost = "host:";
    if (!scope.starts_with(kHost)) return scope;
    return std::string(kHost) + session.host_name(scope.substr(kHost.size()));
}

Exit get_environments(Session& session, const ObjectQuery& options) {
    return get<client::Environment>(
        session, options,
        {.path = "/v1/environments",
         .member = "name",
         .header = {{"NAME", kKept}, "HOSTS", "PROTECTED", "NOTE", {"REVISION", kWide}},
         .decode = client::decode_environment,
         .row = [](const client::Environment& one) -> Row {
             return {one.name, std::to_string(one.hosts), yes_or_no(one.is_protected), one.note,
                     revision_of(one.etag)};
         },
         .read =
             [&](client::Client& client) {
                 return options.name.empty() ? client.environments(options.query)
                                             : as_list(client.environment(options.name));
             }});
}

Exit get_settings(Session& session, const ObjectQuery& options) {
    const auto row = [&session](const client::Setting& one) -> Row {
        const std::string link =
            one.link ? shown_scope(session, one.link->scope) + " " + one.link->key : "";
        return {shown_scope(session, one.scope), one.key, brief(one.value),
                yes_or_no(one.is_secret),        link,    revision_of(one.etag)};
    };
    const std::string scope = options.scope.empty() ? "" : "/" + percent_encode(options.scope);
    return get<client::Setting>(
        session, options,
        {.path = "/v1/settings" + scope,
         .member = "key",
         .header =
             {{"SCOPE", kKept}, {"KEY", kKept}, "VALUE", "SECRET", "LINK", {"REVISION", kWide}},
         .decode = client::decode_setting,
         .row = row,
         .read = [&](client::Client& client) {
             return options.name.empty() ? client.settings(options.scope, options.query)
                                         : as_list(client.setting(options.scope, options.name));
         }});
}

Exit get_applications(Session& session, const ObjectQuery& options) {
    return get<client::Application>(session, options,
                                    {.path = "/v1/applications",
                                     .member = "name",
                                     .header = kApplicationColumns,
                                     .decode = client::decode_application,
                                     .row = row_of,
                                     .read = [&](client::Client& client) {
                                         return options.name.empty()
                                                    ? client.applications(options.query)
                                                    : as_list(client.application(options.name));
                                     }});
}

Exit get_versions(Session& session, const ObjectQuery& options) {
    const auto number = options.name.empty() ? 0 : parse_number(options.name).value_or(0);
    return get<client::Application>(
        session, options,
        {.path = client::application_path(options.scope) + "/versions",
         .member = "version",
         .header = kApplicationColumns,
         .decode = client::decode_application,
         .row = row_of,
         .read = [&](client::Client& client) {
             return options.name.empty() ? client.application_versions(options.scope, options.query)
                                         : as_list(client.application(
                                               options.scope, static_cast<std::int64_t>(number)));
         }});
}

Exit get_assignments(Session& session, const ObjectQuery& options) {
    const auto row = [&session](const client::Assignment& one) -> Row {
        std::string host = one.host;
        if (!host.empty()) host = session.host_name(host);
        return {one.name,
                one.application,
                version_of(one),
                one.environment,
                host,
                one.filter,
                yes_or_no(one.is_enabled),
                one.policy,
                one.on_leave,
                yes_or_no(one.adopts),
                revision_of(one.etag)};
    };
    return get<client::Assignment>(session, options,
                                   {.path = "/v1/assignments",
                                    .member = "name",
                                    .header = {{"NAME", kKept},
                                               {"APPLICATION", kKept},
                                               "VERSION",
                                               "ENVIRONMENT",
                                               "HOST",
                                               "FILTER",
                                               "ENABLED",
                                               {"POLICY", kWide},
                                               {"ON LEAVE", kWide},
                                               {"ADOPT", kWide},
                                               {"REVISION", kWide}},
                                    .decode = client::decode_assignment,
                                    .row = row,
                                    .read = [&](client::Client& client) {
                                        return options.name.empty()
                                                   ? client.assignments(options.query)
                                                   : as_list(client.assignment(options.name));
                                    }});
}

}  // namespace evenkeel::cli
