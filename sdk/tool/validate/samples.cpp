#include "sdk/tool/validate/samples.hpp"

#include "sdk/tool/validate/answers.hpp"
#include "sdk/tool/validate/check.hpp"

namespace evenkeel::validate {
namespace {

// No check makes so many resources.
constexpr std::size_t kNobodysNumber = 999'983;

schema::Schema compiled(const ek_collection& table) {
    auto schema = schema::Schema::compile(copy(table.schema_json));
    if (!schema) broken("the schema does not compile: " + schema.error().what);
    return std::move(*schema);
}

const json::Value& words_of(const schema::Schema& schema, const std::string& name) {
    return schema.document()["properties"][name];
}

}  // namespace

bool reaches_out(const json::Value& manifest) {
    const json::Value& permissions = manifest["permissions"];
    const auto empty = [&](const char* name) {
        const json::Value& list = permissions[name];
        return !list.is_array() || list.as_array().empty();
    };
    return !permissions.is_object() || !empty("paths") || !empty("capabilities") ||
           permissions.bool_or("network") || permissions.bool_or("spawn");
}

Samples::Samples(const ek_collection& table, const CollectionSettings& settings,
                 const std::string& scratch, bool may_use_examples)
    : schema_(compiled(table)), fields_(schema_), settings_(settings), ids_(settings.ids) {
    const json::Value& examples = schema_.document()["x-ek-key"]["examples"];
    const bool has_examples = examples.is_array() && !examples.as_array().empty();
    if (ids_.empty() && has_examples) {
        for (const json::Value& example : examples.as_array()) {
            if (!example.is_string()) continue;
            // A path is moved into the scratch folder, where it harms nobody.
            const std::string& id = example.as_string();
            const std::string moved = scratch + "/" + id.substr(id.rfind('/') + 1);
            if (id.starts_with('/') && !id.ends_with('/')) ids_.push_back(moved);
            if (!id.starts_with('/') && may_use_examples) ids_.push_back(id);
        }
    }
    if (ids_.empty())
        why_no_ids_ =
            has_examples
                ? "the manifest says that it touches this machine, and neither its settings "
                  "name ids to try nor --scratch-machine says that it may"
                : "there are no ids to try: give x-ek-key examples, or settings with ids";
    // Where no number makes other ids, the last of three or more is left alone.
    if (ids_.size() > 2 && !numbered(kNobodysNumber)) {
        absent_ = ids_.back();
        ids_.pop_back();
    }
    first_ = build(0);
    second_ = build(1);
}

std::string Samples::id(std::size_t n) const {
    if (ids_.empty()) skip(why_no_ids_);
    if (n < ids_.size()) return ids_[n];
    if (const auto made = numbered(n)) return *made;
    skip("it takes more ids: \"" + ids_[0] +
         "\" with a number behind it is none, so name three or more as \"ids\" of its settings");
}

std::string Samples::absent_id() const {
    return absent_.empty() ? id(kNobodysNumber) : absent_;
}

std::optional<std::string> Samples::numbered(std::size_t n) const {
    for (const char* between : {"-", "", "_"}) {
        std::string made = ids_[0] + between + std::to_string(n);
        if (schema_.accepts_key(made)) return made;
    }
    return std::nullopt;
}

const json::Value& Samples::said_of(const std::string& name) const {
    static const json::Value kNothing = json::Object();
    const auto said = settings_.fields.find(name);
    return said != settings_.fields.end() ? said->second : kNothing;
}

std::vector<json::Value> Samples::values_of(const std::string& name) const {
    const json::Value& said = said_of(name);
    if (said.find("reason") != nullptr) return {};
    if (const json::Value& values = said["values"]; values.is_array()) return values.as_array();
    const json::Value& words = words_of(schema_, name);
    for (const char* word : {"examples", "enum"})
        if (words[word].is_array() && !words[word].as_array().empty())
            return words[word].as_array();
    if (words["type"] == json::Value("boolean")) return {true, false};
    return {};
}

bool Samples::fits(const json::Object& description) const {
    return schema_.validate(description, schema::Mode::description).empty();
}

json::Value Samples::build(std::size_t which) const {
    json::Object description = settings_.base;
    for (const schema::Field& field : fields_) {
        const auto values = values_of(field.name);
        const json::Value& said = said_of(field.name);
        if (field.property.read_only || values.empty() || description.contains(field.name) ||
            said.bool_or("unique"))
            continue;
        json::Object more = description;
        if (const json::Value& with = said["with"]; with.is_object())
            for (const auto& [name, value] : with.as_object()) more.set(name, value);
        more.set(field.name, values[which < values.size() ? which : 0]);
        // What does not go with what is there already is tried alone, in variants().
        if (fits(more)) description = std::move(more);
        if (!fits(description) && values.size() > 1 && which == 1) {
            more.set(field.name, values[0]);
            if (fits(more)) description = std::move(more);
        }
    }
    return description;
}

std::vector<json::Value> Samples::variants(const schema::Field& field) const {
    std::vector<json::Value> variants;
    for (const json::Value& value : values_of(field.name)) {
        json::Object description = settings_.base;
        if (const json::Value& with = said_of(field.name)["with"]; with.is_object())
            for (const auto& [name, beside] : with.as_object()) description.set(name, beside);
        description.set(field.name, value);
        if (fits(description)) variants.emplace_back(description);
    }
    return variants;
}

std::vector<std::string> Samples::differing() const {
    std::vector<std::string> paths;
    for (const schema::Field& field : fields_)
        if (field.property.compare != schema::Comparison::changing &&
            !(first_[field.name] == second_[field.name]))
            paths.push_back(field.path);
    return paths;
}

std::string Samples::text_field() const {
    for (const schema::Field& field : fields_) {
        const json::Value& words = words_of(schema_, field.name);
        if (field.property.read_only || words["type"] != json::Value("string")) continue;
        if (words.find("enum") == nullptr && words.find("pattern") == nullptr &&
            words.find("contentEncoding") == nullptr && first_.find(field.name) != nullptr)
            return field.name;
    }
    return {};
}

}  // namespace evenkeel::validate
