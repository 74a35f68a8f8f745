#include <algorithm>

#include "core/base/text.hpp"
#include "sdk/client/cli/collections.hpp"
#include "sdk/client/cli/failure.hpp"
#include "sdk/client/cli/input.hpp"
#include "sdk/client/cli/model_changes.hpp"
#include "sdk/client/cli/plan_view.hpp"

namespace evenkeel::cli {
namespace {

// What begins so is JSON, or a slip of the pen.
bool begins_like_json(const std::string& text) {
    return text.starts_with('{') || text.starts_with('[') || text.starts_with('"');
}

client::Result<json::Value> json_of(const std::string& text) {
    auto value = json::parse(text);
    if (value) return *std::move(value);
    return misused("the value is no JSON (" + value.error().what + "); --text takes it as it is");
}

client::Result<json::Value> value_of(const std::string& text, SettingOptions::As as) {
    if (as == SettingOptions::As::text) return json::Value(text);
    if (as == SettingOptions::As::json || begins_like_json(text)) return json_of(text);
    // As in YAML: of other words only these are not text.
    const auto value = json::parse(text);
    const bool is_number = value && value->is_integer() && json::write(*value) == text;
    if (value && (value->is_bool() || value->is_null() || is_number)) return *value;
    return json::Value(text);
}

// Without the newline that ends a file of one line.
client::Result<std::string> read_value(const std::string& file) {
    auto text = file.empty() || file == "-" ? read_unseen() : read_input(file);
    if (text && text->ends_with('\n')) text->pop_back();
    return text;
}

client::Result<json::Value> value_of(const SettingOptions& options) {
    if (options.value && options.is_secret) {
        return misused(
            "a secret is not given on the command line, where others can read it: pipe it in, or "
            "give --file FILE");
    }
    const auto text =
        options.value ? client::Result<std::string>(*options.value) : read_value(options.file);
    if (!text) return text.error();
    const bool is_guessed = options.as == SettingOptions::As::guessed;
    return value_of(*text, options.is_secret && is_guessed ? SettingOptions::As::text : options.as);
}

client::Result<json::Object> body_of(const SettingOptions& options) {
    const bool is_link = !options.link.empty();
    const bool has_value =
        options.value || !options.file.empty() || (options.is_secret && !is_link);
    if (!has_value && !is_link) return misused("VALUE, --file, --secret or --link is missing");
    json::Object body;
    if (has_value) {
        auto value = value_of(options);
        if (!value) return value.error();
        body.set("value", *std::move(value));
    }
    if (options.is_secret) body.set("secret", true);
    if (is_link) {
        body.set("link", json::Object{{"scope", options.link[0]}, {"key", options.link[1]}});
    }
    return body;
}

Exit show_all(Session& session, const std::vector<client::EffectiveSetting>& settings) {
    Table table{{{"KEY", Column::Room::kept}, "VALUE", {"FROM", Column::Room::kept}, "OVERRIDES"},
                {}};
    std::vector<std::string> items;
    for (const client::EffectiveSetting& one : settings) {
        items.push_back(one.json);
        if (session.output().is_data()) continue;
        std::string overrides;
        for (const auto& other : one.overrides)
            overrides += (overrides.empty() ? "" : ", ") + shown_scope(session, other.scope);
        table.rows.push_back({one.key, one.error.empty() ? brief(one.value) : one.error,
                              shown_scope(session, one.from), overrides});
    }
    if (session.output().is_data()) session.output().data_items(items);
    else session.output().table(table);
    return Exit::done;
}

Exit show_one(Session& session, const client::EffectiveSetting& setting) {
    if (session.output().is_data()) {
        session.output().data(setting.json);
        return Exit::done;
    }
    Table table{{{"SCOPE", Column::Room::kept}, "VALUE", "USE"}, {}};
    if (setting.error.empty())
        table.rows.push_back({shown_scope(session, setting.from), brief(setting.value), "counts"});
    for (const auto& other : setting.overrides)
        table.rows.push_back({shown_scope(session, other.scope), brief(other.value), "overridden"});
    if (!table.rows.empty()) session.output().table(table);
    if (setting.error.empty()) return Exit::done;
    return session.fail({.kind = client::Kind::local, .detail = setting.error});
}

std::string hosts_of(const client::Impact::Group& group) {
    std::string names;
    for (const std::string& name : group.hosts) names += (names.empty() ? "" : ", ") + name;
    const auto named = static_cast<std::int64_t>(group.hosts.size());
    return group.count == named ? names
                                : names + " and " + std::to_string(group.count - named) + " more";
}

client::Failure no_key(const SettingOptions& options,
                       const std::vector<client::EffectiveSetting>& settings) {
    std::vector<std::string> keys;
    for (const client::EffectiveSetting& one : settings) keys.push_back(one.key);
    client::Failure failure{.kind = client::Kind::local, .code = kNotThere};
    failure.detail = options.host + " has no value of '" + options.name + "'";
    const std::string meant = nearest(options.name, keys);
    if (!meant.empty()) failure.detail += "; did you mean '" + meant + "'?";
    return failure;
}

// All that anybody sets, and all that applications take.
client::Result<std::vector<std::string>> known_keys(client::Client& client) {
    const auto settings = client.settings();
    if (!settings) return settings.error();
    const auto applications = client.applications();
    if (!applications) return applications.error();
    std::vector<std::string> keys;
    for (const client::Setting& one : *settings) keys.push_back(one.key);
    for (const client::Application& one : *applications) {
        const auto schema = json::parse(one.parameters);
        const json::Value none = json::Object{};
        const json::Value& parameters = schema ? (*schema)["properties"] : none;
        if (!parameters.is_object()) continue;
        for (const auto& [key, parameter] : parameters.as_object()) {
            keys.push_back(key);
            keys.push_back(one.name + ":" + key);
        }
    }
    return keys;
}

// A key that counts nowhere may be misspelt, or it is one that nobody uses yet.
void warn_of_unknown_key(client::Client& client, const std::string& key) {
    const auto keys = known_keys(client);
    if (!keys || std::find(keys->begin(), keys->end(), key) != keys->end()) return;
    const std::string meant = nearest(key, *keys);
    Output::message("no scope has a setting '" + key + "', and no application takes it" +
                    (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
}

}  // namespace

Exit set_setting(Session& session, const SettingOptions& options) {
    auto body = body_of(options);
    if (!body) return session.fail(body.error());
    const ObjectKey key = key_of(options);
    return change_model(
        session, {.method = "PUT", .path = path_of(key), .body = json::write(*std::move(body))},
        options, words_of(key) + " is set");
}

Exit explain_setting(Session& session, const SettingOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto settings = (*client)->effective_settings(options.host, options.assignment);
    if (!settings) return session.fail(settings.error());
    if (options.name.empty()) return show_all(session, *settings);
    const auto found =
        std::find_if(settings->begin(), settings->end(),
                     [&options](const auto& one) { return one.key == options.name; });
    if (found == settings->end()) return session.fail(no_key(options, *settings));
    return show_one(session, *found);
}

Exit impact(Session& session, const ObjectOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto impact = (*client)->impact(options.scope, options.name);
    if (!impact) return session.fail(impact.error());
    if (impact->hosts == 0) warn_of_unknown_key(**client, options.name);
    if (session.output().is_data()) {
        session.output().data(impact->json);
        return Exit::done;
    }
    Table table{{{"HOSTS", Column::Room::kept}, "COLLECTION", {"ID", Column::Room::kept}}, {}};
    for (const client::Impact::Group& group : impact->groups) {
        const std::string hosts = hosts_of(group);
        if (group.resources.empty()) table.rows.push_back({hosts, "", ""});
        for (const client::Impact::Ref& ref : group.resources)
            table.rows.push_back({hosts, ref.collection, ref.id});
    }
    if (!table.rows.empty()) session.output().table(table);
    if (impact->more_groups > 0) {
        Output::message("and " + counted(static_cast<std::size_t>(impact->more_groups), "group") +
                        " of hosts more");
    }
    Output::message(words_of(key_of(options)) + ": " +
                    counted(static_cast<std::size_t>(impact->hosts), "host") + ", " +
                    counted(static_cast<std::size_t>(impact->resources), "resource"));
    return Exit::done;
}

}  // namespace evenkeel::cli
