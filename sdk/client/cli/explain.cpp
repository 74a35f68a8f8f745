#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/collections.hpp"
#include "sdk/client/cli/commands.hpp"

namespace evenkeel::cli {
namespace {

// "text", "number from 1 to 9", "list of text", "one of a and b".
std::string type_of(const json::Value& field) {
    const json::Value& type = field["type"];
    std::string out = type.is_string() ? type.as_string()
                      : type.is_null() ? "any"
                                       : json::write(type);
    if (field["items"].is_object()) out = "list of " + type_of(field["items"]);
    return out;
}

std::string first_sentence(const std::string& text) {
    const std::size_t end = text.find(". ");
    return end == text.npos ? text : text.substr(0, end + 1);
}

std::string list_of(const json::Value& values) {
    std::string out;
    for (const json::Value& value : values.as_array()) {
        out += (out.empty() ? "" : ", ") +
               printable(value.is_string() ? value.as_string() : json::write(value));
    }
    return out;
}

// What is said of a field in its schema, a line each.
std::string facts_of(const json::Value& field) {
    static constexpr std::pair<const char*, const char*> kWords[] = {
        {"enum", "one of"},       {"default", "default"},   {"pattern", "pattern"},
        {"minimum", "at least"},  {"maximum", "at most"},   {"minLength", "shortest"},
        {"maxLength", "longest"}, {"examples", "examples"},
    };
    std::string out;
    for (const auto& [word, told] : kWords) {
        const json::Value* value = field.find(word);
        if (!value) continue;
        const std::string text = value->is_array()    ? list_of(*value)
                                 : value->is_string() ? printable(value->as_string())
                                                      : json::write(*value);
        out += std::string(told) + ": " + text + "\n";
    }
    if (field.bool_or("x-ek-sensitive")) out += "a secret: stored sealed, shown to nobody\n";
    if (field.bool_or("readOnly")) out += "only in states: it cannot be described\n";
    if (field.bool_or("writeOnly")) out += "only in descriptions: states do not show it\n";
    return out;
}

Table fields_of(const json::Value& schema) {
    Table table{{{"FIELD", Column::Room::kept}, "TYPE", "DESCRIPTION"}, {}};
    const json::Value& properties = schema["properties"];
    if (!properties.is_object()) return table;
    for (const auto& [name, field] : properties.as_object()) {
        const bool told_only = field.bool_or("readOnly");
        table.rows.push_back({name, type_of(field) + (told_only ? " (state)" : ""),
                              first_sentence(field.string_or("description"))});
    }
    return table;
}

client::Failure no_field(const std::vector<std::string>& names, const FieldPlace& place) {
    const std::vector<std::string> known = field_names(*place.schema);
    std::string parent = names[0];
    for (std::size_t i = 1; i < place.names; ++i) parent += "." + names[i];
    const std::string& missing = names[place.names];
    client::Failure failure{.kind = client::Kind::local, .code = kNotThere};
    failure.detail = parent + " has no field '" + missing + "'";
    if (const std::string meant = nearest(missing, known); !meant.empty()) {
        failure.detail += "; did you mean '" + meant + "'?";
    } else if (!known.empty()) {
        failure.detail += "; there are " + listed_in_words(known);
    }
    return failure;
}

void show(const Output& output, const std::string& path, const json::Value& schema, bool whole) {
    output.text(printable(path) + (whole ? "" : "  " + type_of(schema)) + "\n\n");
    output.text(printable(schema.string_or("description")) + "\n");
    std::string facts = facts_of(schema);
    if (const json::Value* key = schema.find("x-ek-key")) {
        facts = "id: " + printable(key->string_or("description")) + "\n" + facts_of(*key) + facts;
    }
    if (!facts.empty()) output.text("\n" + facts);
    const Table fields = fields_of(schema);
    if (fields.rows.empty()) return;
    output.text("\n");
    output.table(fields);
}

}  // namespace

Exit explain(Session& session, const ExplainOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const std::vector<std::string> names = split(options.path, '.');
    const auto hosts = choose_hosts(**client, options.hosts);
    if (!hosts) return session.fail(hosts.error());
    const auto found = find_collection(**client, *hosts, names[0]);
    if (!found) return session.fail(found.error());
    const auto schema = json::parse(found->schema, {.bytes = 16 << 20});
    if (!schema || !schema->is_object()) {
        return session.fail({.kind = client::Kind::local,
                             .detail = "the schema of " + names[0] + " has not come yet"});
    }
    const FieldPlace place = follow_names(*schema, names);
    if (place.names < names.size()) return session.fail(no_field(names, place));
    if (session.output().is_data()) session.output().data(json::write(*place.schema));
    else show(session.output(), options.path, *place.schema, names.size() == 1);
    return Exit::done;
}

}  // namespace evenkeel::cli
