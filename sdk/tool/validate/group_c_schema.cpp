#include <re2/re2.h>

#include "sdk/tool/validate/check.hpp"
#include "sdk/tool/validate/tools.hpp"

namespace evenkeel::validate {
namespace group_c {

json::Value document(Bench& bench) {
    auto parsed = json::parse(copy(bench.collection().schema_json));
    if (!parsed) broken("the schema is not JSON: " + parsed.error().what);
    return std::move(*parsed);
}

template <typename Function>
void each_property(const json::Value& schema, Function&& function) {
    const json::Value& properties = schema["properties"];
    if (!properties.is_object()) broken("the schema has no properties");
    for (const auto& [name, words] : properties.as_object()) function(name, words);
}

// Every object of words in a schema, at any depth, with its pointer.
void walk(const json::Value& value, const std::string& path,
          const std::function<void(const std::string&, const json::Value&)>& visit) {
    if (value.is_object()) {
        visit(path, value);
        for (const auto& [name, member] : value.as_object())
            walk(member, json::pointer(path, name), visit);
    }
    if (!value.is_array()) return;
    for (std::size_t i = 0; i < value.as_array().size(); ++i)
        walk(value.as_array()[i], path + "/" + std::to_string(i), visit);
}

void parses(Bench& bench) {
    demand(document(bench).is_object(), "the schema is no object");
    for (const ek_str text :
         {bench.collection().config_schema_json, bench.collection().actions_json}) {
        if (text.len == 0) continue;
        const auto parsed = json::parse(copy(text));
        demand(parsed && parsed->is_object(),
               "the schema of the configuration, or the actions, are no JSON object", copy(text));
    }
}

void compiles(Bench& bench) {
    const auto schema = schema::Schema::compile(copy(bench.collection().schema_json));
    demand(schema.has_value(), schema ? "" : "a host refuses the schema: " + schema.error().what);
    if (bench.collection().config_schema_json.len == 0) return;
    const auto config = schema::Schema::compile(copy(bench.collection().config_schema_json));
    demand(config.has_value(),
           config ? "" : "a host refuses the schema of the configuration: " + config.error().what);
}

void closed(Bench& bench) {
    const json::Value schema = document(bench);
    demand(
        schema["additionalProperties"] == json::Value(false),
        "\"additionalProperties\" is not false at the top: a misspelt field is then not refused");
    demand(schema["type"] == json::Value("object"), "\"type\" is not \"object\" at the top");
}

void described(Bench& bench) {
    const json::Value schema = document(bench);
    demand(!schema.string_or("description").empty(), "the schema has no description");
    each_property(schema, [](const std::string& name, const json::Value& words) {
        demand(!words.string_or("description").empty(), "/" + name + " has no description");
        demand(words.find("type") != nullptr || words.find("$ref") != nullptr ||
                   words.find("enum") != nullptr || words.find("anyOf") != nullptr ||
                   words.find("oneOf") != nullptr,
               "/" + name + " has no type");
    });
}

void has_key(Bench& bench) {
    const json::Value schema = document(bench);
    const json::Value& key = schema["x-ek-key"];
    demand(!key.string_or("pattern").empty(), "there is no x-ek-key with a pattern for ids");
    demand(!key.string_or("description").empty(), "x-ek-key has no description");
}

void examples_fit(Bench& bench) {
    const Samples& samples = bench.samples();
    const json::Value schema = document(bench);
    const json::Value& examples = schema["x-ek-key"]["examples"];
    if (examples.is_array())
        for (const json::Value& id : examples.as_array())
            demand(id.is_string() && samples.schema().accepts_key(id.as_string()),
                   "an example of x-ek-key does not match its pattern", json::write(id));
    each_property(schema, [&](const std::string& name, const json::Value& words) {
        if (!words["examples"].is_array() || words.bool_or("readOnly")) return;
        for (const json::Value& example : words["examples"].as_array()) {
            const json::Object alone{{name, example}};
            for (const auto& error : samples.schema().validate(alone, schema::Mode::description))
                // What it needs beside it is not its own fault.
                if (error.pointer.starts_with("/" + name) && words.find("x-ek-message") == nullptr)
                    broken("an example of /" + name + " does not fit: " + error.detail,
                           json::write(example));
        }
    });
}

void read_or_write_only(Bench& bench) {
    each_property(document(bench), [](const std::string& name, const json::Value& words) {
        demand(!words.bool_or("readOnly") || !words.bool_or("writeOnly"),
               "/" + name + " is readOnly and writeOnly: it is never anywhere");
    });
}

void secrets_are_marked(Bench& bench) {
    static const re2::RE2 kSecret(
        "(^|_)(password|passwd|passphrase|secret|token|private_key|api_key|credentials?)(_|$)");
    const Samples& samples = bench.samples();
    each_property(document(bench), [&](const std::string& name, const json::Value& words) {
        if (words["type"] != json::Value("string") || !re2::RE2::PartialMatch(name, kSecret))
            return;
        demand(samples.schema().sensitive().root().member(name).is_secret(),
               "/" + name + " has the name of a secret and no x-ek-sensitive");
    });
}

void no_remote_refs(Bench& bench) {
    walk(document(bench), "", [](const std::string& path, const json::Value& words) {
        const std::string target = words.string_or("$ref", "#");
        demand(target.starts_with("#"), path + " refers to " + target + ", which is elsewhere");
    });
}

void has_version(Bench& bench) {
    demand(bench.collection().schema_version >= 1, "schema_version is 0: it begins at 1");
}

void defaults_fit(Bench& bench) {
    const Samples& samples = bench.samples();
    each_property(document(bench), [&](const std::string& name, const json::Value& words) {
        const json::Value* value = words.find("default");
        if (value == nullptr) return;
        const json::Object alone{{name, *value}};
        for (const auto& error : samples.schema().validate(alone, schema::Mode::description))
            if (error.pointer.starts_with("/" + name))
                broken("the default of /" + name + " does not fit: " + error.detail,
                       json::write(*value));
    });
}

std::string all_texts(const ek_module& module) {
    std::string text = copy(module.manifest_json) + "\n";
    for (std::size_t i = 0; i < module.collection_count; ++i) {
        const ek_collection& each = *module.collections[i];
        for (const ek_str part :
             {each.name, each.schema_json, each.config_schema_json, each.actions_json})
            text += copy(part) + "\n";
    }
    return text;
}

void same_bytes(Bench& bench) {
    // Before it is loaded here: else the other process has it, too.
    const ChildResult other = in_child([&] { return all_texts(bench.module()); });
    demand(other.returned, "in another process it ends with " + other.text);
    demand(other.text == all_texts(bench.module()),
           "manifest, schemas or actions are not the same bytes in another process");
    demand(all_texts(bench.module()) == other.text, "and not when they are read again");
}

}  // namespace group_c

std::vector<Check> schema_checks() {
    using namespace group_c;
    constexpr auto kEach = Scope::collection;
    return {
        {"C01", "the schemas are JSON objects", kEach, parses},
        {"C02", "a host takes the schemas: known words only, patterns of RE2", kEach, compiles},
        {"C03", "the schema is closed at the top", kEach, closed},
        {"C04", "every property has a type and a description", kEach, described},
        {"C05", "x-ek-key says what an id looks like", kEach, has_key},
        {"C06", "every example fits", kEach, examples_fit},
        {"C07", "no property is readOnly and writeOnly", kEach, read_or_write_only},
        {"C08", "what has the name of a secret is x-ek-sensitive", kEach, secrets_are_marked},
        {"C09", "no $ref leads out of the schema", kEach, no_remote_refs},
        {"C10", "schema_version is at least 1", kEach, has_version},
        {"C11", "every default fits", kEach, defaults_fit},
        {"C12", "manifest and schemas are the same bytes in each process", Scope::module,
         same_bytes},
    };
}

}  // namespace evenkeel::validate
