#include "sdk/tool/reference_page.hpp"

#include <utility>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/library.hpp"
#include "sdk/tool/plugin_file.hpp"

namespace evenkeel::tool {
namespace {

constexpr int kLevelsMost = 4;

// Text of a plugin in a table of Markdown.
std::string cell(std::string_view text) {
    std::string safe;
    for (const char c : printable(text)) {
        if (c == '|' || c == '\\' || c == '<' || c == '*' || c == '_') safe += '\\';
        safe += c;
    }
    return safe;
}

std::string code(std::string_view text) {
    std::string safe;
    for (const char c : printable(text)) safe += c == '|' ? "\\|" : std::string(1, c);
    return "`" + safe + "`";
}

std::string text_list(const json::Value& list) {
    std::string all;
    if (!list.is_array()) return all;
    for (const json::Value& each : list.as_array())
        all += (all.empty() ? "" : ", ") +
               code(each.is_string() ? each.as_string() : json::write(each));
    return all;
}

std::string type_of(const json::Value& schema) {
    const json::Value& type = schema["type"];
    if (type.is_array()) return text_list(type);
    if (!type.is_string()) return "any";
    const bool is_list = type.as_string() == "array" && schema["items"]["type"].is_string();
    return is_list ? "array of " + cell(schema["items"].string_or("type")) : cell(type.as_string());
}

// What a value has to keep to, and what the words of the ABI say about it.
std::string rules_of(const json::Value& schema) {
    std::string rules;
    const auto add = [&rules](const std::string& rule) {
        rules += (rules.empty() ? "" : "; ") + rule;
    };
    if (schema.bool_or("deprecated"))
        add("**deprecated** " + cell(schema.string_or("x-ek-message")));
    if (schema.find("enum")) add("one of " + text_list(schema["enum"]));
    for (const char* word : {"pattern", "format", "minimum", "maximum", "minLength", "maxLength",
                             "minItems", "maxItems"}) {
        const json::Value* value = schema.find(word);
        if (value)
            add(std::string(word) + " " +
                code(value->is_string() ? value->as_string() : json::write(*value)));
    }
    if (schema.find("default")) add("default " + code(json::write(schema["default"])));
    if (schema.bool_or("x-ek-sensitive")) add("secret");
    if (schema.bool_or("x-ek-replace")) add("a change makes it anew");
    if (schema.bool_or("writeOnly")) add("never shown");
    if (schema.find("x-ek-compare")) add("compared as " + code(schema.string_or("x-ek-compare")));
    if (schema.find("examples")) add("e.g. " + text_list(schema["examples"]));
    return rules;
}

void add_rows(std::string& page, const json::Value& schema, const std::string& before,
              bool read_only, int level) {
    const json::Value& properties = schema["properties"];
    if (!properties.is_object() || level == kLevelsMost) return;
    for (const auto& [name, property] : properties.as_object()) {
        if (level == 0 && property.bool_or("readOnly") != read_only) continue;
        page += "| " + code(before + name) + " | " + type_of(property) + " | " +
                cell(property.string_or("description")) + " | " + rules_of(property) + " |\n";
        add_rows(page, property, before + name + ".", read_only, level + 1);
    }
}

// A table of the schema's properties under a heading; nothing where there is none.
std::string table(const std::string& heading, const json::Value& schema, bool read_only = false) {
    std::string rows;
    add_rows(rows, schema, "", read_only, 0);
    if (rows.empty()) return "";
    return "\n### " + heading + "\n\n| field | type | what it is | rules |\n|---|---|---|---|\n" +
           rows;
}

std::string actions(const json::Value& actions) {
    if (!actions.is_object() || actions.as_object().empty()) return "";
    std::string text = "\n### Actions\n\n| action | what it does | arguments |\n|---|---|---|\n";
    for (const auto& [name, schema] : actions.as_object()) {
        std::string arguments;
        if (schema["properties"].is_object()) {
            for (const auto& [argument, rules] : schema["properties"].as_object())
                arguments +=
                    (arguments.empty() ? "" : ", ") + code(argument) + " (" + type_of(rules) + ")";
        }
        text += "| " + code(name) + " | " + cell(schema.string_or("description")) + " | " +
                arguments + " |\n";
    }
    return text;
}

std::string section(const json::Value& collection) {
    const json::Value& schema = collection["schema"];
    std::string text = "\n## " + cell(collection.string_or("name")) + "\n\n" +
                       cell(schema.string_or("description")) + "\n";
    const json::Value& key = schema["x-ek-key"];
    if (key.is_object()) {
        text += "\n**Ids.** " + cell(key.string_or("description"));
        if (key.find("pattern")) text += " Pattern " + code(key.string_or("pattern")) + ".";
        if (key.find("examples")) text += " For example " + text_list(key["examples"]) + ".";
        text += "\n";
    }
    text += "\n**It can** " + text_list(collection["capabilities"]) + ".\n";
    return text + table("Fields", schema) + table("Fields of states only", schema, true) +
           actions(collection["actions"]) + table("Configuration", collection["configuration"]);
}

std::string needs(const json::Value& permissions) {
    std::string text;
    for (const char* what : {"paths", "capabilities"}) {
        const std::string list = text_list(permissions[what]);
        if (!list.empty()) text += "- " + std::string(what) + ": " + list + "\n";
    }
    if (permissions.bool_or("network")) text += "- the network\n";
    if (permissions.bool_or("spawn")) text += "- to start programs\n";
    return text.empty() ? "- nothing but its own folder\n" : text;
}

Result<json::Value> parse_or_empty(ek_str text) {
    if (text.ptr == nullptr) return json::Value(json::Object{});
    return json::parse(plugin::copy(text));
}

}  // namespace

Result<std::vector<json::Value>> tables_of(const std::string& file) {
    plugin::Trust trust;
    trust.accept_own_user = true;
    auto found = plugin::inspect_package(EK_TRY(stem_of(file)), trust);
    if (!found.refusals.empty()) return fail(std::move(found.refusals.front()));
    const ek_module* module = EK_TRY(plugin::load_library(found.package));
    std::vector<json::Value> tables;
    for (std::size_t i = 0; i < module->collection_count; ++i) {
        const ek_collection& table = *module->collections[i];
        json::Array capabilities;
        for (const std::string& name : plugin::capability_names(table.caps))
            capabilities.push_back(name);
        tables.push_back(
            json::Object{{"name", plugin::copy(table.name)},
                         {"capabilities", std::move(capabilities)},
                         {"schema", EK_TRY(parse_or_empty(table.schema_json))},
                         {"configuration", EK_TRY(parse_or_empty(table.config_schema_json))},
                         {"actions", EK_TRY(parse_or_empty(table.actions_json))}});
    }
    return tables;
}

Result<std::string> reference_page(const std::string& file,
                                   const std::vector<json::Value>& collections) {
    const std::string stem = EK_TRY(stem_of(file));
    const std::string text = EK_TRY(read_file(stem + ".manifest.json"));
    const json::Value manifest = EK_TRY(json::parse(text));
    std::string page = "# " + cell(stem.substr(stem.rfind('/') + 1)) + "\n\n" +
                       code(manifest.string_or("id")) + ", version " +
                       cell(manifest.string_or("version")) + ".";
    if (manifest["platforms"].is_array()) page += " For " + text_list(manifest["platforms"]) + ".";
    page += "\n\nIt needs:\n\n" + needs(manifest["permissions"]);
    for (const json::Value& each : collections) page += section(each);
    return page;
}

}  // namespace evenkeel::tool
