#include "core/plugin/permissions.hpp"

#include "core/json/json.hpp"

namespace evenkeel::plugin {
namespace {

Result<std::vector<std::string>> texts(const json::Value& list, const std::string& name) {
    std::vector<std::string> all;
    if (list.is_null()) return all;
    if (!list.is_array()) return fail(Errc::invalid, "permissions." + name + " is no array");
    for (const json::Value& each : list.as_array()) {
        if (!each.is_string())
            return fail(Errc::invalid, "permissions." + name + " has what is no string");
        all.push_back(each.as_string());
    }
    return all;
}

Result<bool> truth(const json::Value& value, const std::string& name) {
    if (value.is_null()) return false;
    if (!value.is_bool())
        return fail(Errc::invalid, "permissions." + name + " is not true or false");
    return value.as_bool();
}

}  // namespace

Result<Permissions> permissions_of(const std::string& manifest) {
    const json::Value parsed = EK_TRY(json::parse(manifest));
    const json::Value& told = parsed["permissions"];
    Permissions permissions;
    permissions.paths = EK_TRY(texts(told["paths"], "paths"));
    permissions.capabilities = EK_TRY(texts(told["capabilities"], "capabilities"));
    permissions.network = EK_TRY(truth(told["network"], "network"));
    permissions.spawn = EK_TRY(truth(told["spawn"], "spawn"));
    for (const std::string& path : permissions.paths)
        if (!path.starts_with('/'))
            return fail(Errc::invalid, "permissions.paths: \"" + path + "\" is no absolute path");
    return permissions;
}

}  // namespace evenkeel::plugin
