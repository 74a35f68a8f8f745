#include "core/plugin/permissions.hpp"

#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "core/plugin/manifest_texts.hpp"

namespace evenkeel::plugin {
namespace {

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
    permissions.paths = EK_TRY(texts_of(told["paths"], "permissions.paths"));
    permissions.capabilities = EK_TRY(texts_of(told["capabilities"], "permissions.capabilities"));
    permissions.network = EK_TRY(truth(told["network"], "network"));
    permissions.spawn = EK_TRY(truth(told["spawn"], "spawn"));
    for (const std::string& path : permissions.paths)
        if (!path.starts_with('/'))
            return fail(Errc::invalid,
                        "permissions.paths: \"" + printable(path) + "\" is no absolute path");
    return permissions;
}

}  // namespace evenkeel::plugin
