#include "core/plugin/platform.hpp"

#include <algorithm>
#include <vector>

#include "core/base/os_release.hpp"
#include "core/base/text.hpp"
#include "core/json/json.hpp"

namespace evenkeel::plugin {

Result<void> require_platform(const std::string& plugin, const std::string& manifest,
                              std::string_view os_release) {
    const json::Value parsed = EK_TRY(json::parse(manifest));
    const json::Value* platforms = parsed.find("platforms");
    if (platforms == nullptr) return {};
    std::vector<std::string> wanted;
    if (platforms->is_array())
        for (const json::Value& name : platforms->as_array())
            if (name.is_string()) wanted.push_back(printable(name.as_string()));
    if (wanted.empty())
        return fail(Errc::invalid,
                    "the manifest of the plugin " + plugin +
                        " lists no \"platforms\": leave them out where it is for any");
    const std::string id = os_release_value(os_release, "ID");
    std::vector<std::string> here = split(os_release_value(os_release, "ID_LIKE"), ' ');
    here.push_back(id.empty() ? "linux" : id);
    const bool fits = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
        return std::find(here.begin(), here.end(), name) != here.end();
    });
    if (fits) return {};
    return fail(Errc::unsupported, "plugin " + plugin + " is for " + listed_in_words(wanted) +
                                       " and this machine is " + printable(here.back()) +
                                       ": install the one for this machine, or none");
}

}  // namespace evenkeel::plugin
