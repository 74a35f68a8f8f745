#include "sdk/client/cli/collections.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace evenkeel::cli {

client::Result<client::Collection> find_collection(client::Client& client,
                                                   const std::vector<std::string>& hosts,
                                                   const std::string& name) {
    std::vector<std::string> known;
    for (const std::string& host : hosts) {
        const auto collections = client.collections(host);
        if (!collections) return collections.error();
        for (const client::Collection& one : *collections) {
            if (one.name == name) return client.collection(host, name);
            if (std::find(known.begin(), known.end(), one.name) == known.end()) {
                known.push_back(one.name);
            }
        }
    }
    client::Failure failure{.kind = client::Kind::local, .code = kNotThere};
    failure.detail = "no host has a collection '" + name + "'";
    if (hosts.size() == 1) failure.detail = hosts.front() + " has no collection '" + name + "'";
    if (known.empty()) failure.detail += ": it has reported none yet";
    else failure.detail += "; there are " + listed_in_words(known);
    return failure;
}

namespace {

// Of what is in the list, where there is one.
const json::Value& behind_lists(const json::Value& schema) {
    const json::Value* inner = &schema;
    while ((*inner)["items"].is_object()) inner = inner->find("items");
    return *inner;
}

}  // namespace

FieldPlace follow_names(const json::Value& schema, const std::vector<std::string>& names) {
    FieldPlace place{&schema, 1};
    while (place.names < names.size()) {
        const json::Value& inner = behind_lists(*place.schema);
        const json::Value* field = inner["properties"].find(names[place.names]);
        if (!field) return {&inner, place.names};
        place = {field, place.names + 1};
    }
    return place;
}

std::vector<std::string> field_names(const json::Value& schema) {
    std::vector<std::string> names;
    const json::Value& properties = behind_lists(schema)["properties"];
    if (!properties.is_object()) return names;
    for (const auto& [name, field] : properties.as_object()) names.push_back(name);
    return names;
}

}  // namespace evenkeel::cli
