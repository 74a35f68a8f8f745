#include "sdk/client/cpp/decode.hpp"

namespace evenkeel::client {
namespace {

std::string etag_of(const json::Value& value) {
    return "\"" + std::to_string(value.integer_or("revision")) + "\"";
}

Impact::Group decode_impact_group(const json::Value& value) {
    Impact::Group group;
    group.count = value.integer_or("count");
    group.hosts = decode_texts(value["hosts"]);
    for (const json::Value& ref : items_of(value, "resources"))
        group.resources.push_back({ref.string_or("collection"), ref.string_or("id")});
    return group;
}

}  // namespace

Environment decode_environment(const json::Value& value) {
    return {value.string_or("name"),   value.string_or("note"), value.bool_or("protected"),
            value.integer_or("hosts"), etag_of(value),          json::write(value)};
}

Setting decode_setting(const json::Value& value) {
    Setting setting;
    setting.scope = value.string_or("scope");
    setting.key = value.string_or("key");
    setting.value = json::write(value["value"]);
    setting.is_secret = value.bool_or("secret");
    if (const json::Value& link = value["link"]; link.is_object())
        setting.link = Link{link.string_or("scope"), link.string_or("key")};
    setting.etag = etag_of(value);
    setting.json = json::write(value);
    return setting;
}

Application decode_application(const json::Value& value) {
    Application application;
    application.name = value.string_or("name");
    application.version = value.integer_or("version");
    application.note = value.string_or("note");
    application.parameters = json::write(value["parameters"]);
    application.resources = json::write(value["resources"]);
    application.peers = json::write(value["peers"]);
    application.etag = etag_of(value);
    application.json = json::write(value);
    return application;
}

Assignment decode_assignment(const json::Value& value) {
    Assignment assignment;
    assignment.name = value.string_or("name");
    assignment.note = value.string_or("note");
    assignment.application = value.string_or("application");
    assignment.version = value.integer_or("version");
    assignment.environment = value.string_or("environment");
    assignment.host = value.string_or("host");
    assignment.filter = value.string_or("filter");
    assignment.settings = json::write(value["settings"]);
    assignment.policy = value.string_or("policy");
    assignment.is_enabled = value.bool_or("enabled", true);
    assignment.adopts = value.bool_or("adopt");
    assignment.on_leave = value.string_or("on_leave");
    assignment.etag = etag_of(value);
    assignment.json = json::write(value);
    return assignment;
}

EffectiveSetting decode_effective_setting(const json::Value& value) {
    EffectiveSetting setting;
    setting.key = value.string_or("key");
    setting.value = json::write(value["value"]);
    setting.from = value.string_or("from");
    for (const json::Value& one : items_of(value, "overrides"))
        setting.overrides.push_back({one.string_or("scope"), json::write(one["value"])});
    setting.error = value.string_or("error");
    setting.json = json::write(value);
    return setting;
}

WantedResource decode_wanted_resource(const json::Value& value) {
    WantedResource resource;
    resource.collection = value.string_or("collection");
    resource.id = value.string_or("id");
    resource.description = json::write(value["description"]);
    resource.policy = value.string_or("policy");
    resource.requires_ = json::write(value["requires"]);
    resource.notifies = json::write(value["notifies"]);
    resource.owners = decode_each(value, "owners", decode_owner);
    resource.json = json::write(value);
    return resource;
}

Wanted decode_wanted(const json::Value& value) {
    return {decode_wanted_state(value), decode_each(value, "items", decode_wanted_resource),
            json::write(value)};
}

Impact decode_impact(const json::Value& value) {
    Impact impact;
    impact.scope = value.string_or("scope");
    impact.key = value.string_or("key");
    impact.hosts = value["summary"].integer_or("hosts");
    impact.resources = value["summary"].integer_or("resources");
    impact.groups = decode_each(value, "groups", decode_impact_group);
    impact.more_groups = value.integer_or("more_groups");
    impact.json = json::write(value);
    return impact;
}

}  // namespace evenkeel::client
