#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "orchestrator/compile/objects.hpp"

// Which value a key has for one host: what is nearer to the host outweighs what is farther.
namespace evenkeel::compile {

// Where a setting is kept.
struct Place {
    Scope scope;
    std::string key;
};
// "environment:prod port"
std::string text_of(const Place& place);

// The setting that is kept there, or null. Valid as long as the model that it comes from.
using FindSetting = std::function<const Setting*(const Place& place)>;

inline constexpr std::size_t kLinksMost = 100;  // in a row

// A setting without its links.
struct ResolvedSetting {
    const json::Value* value = nullptr;
    bool is_secret = false;  // so is each that was on the way
};
// What the setting there says: its own value, or that of the setting to which its link leads. Where
// a link leads nowhere, or back, the setting that has the link counts with its own value; `invalid`
// with the whole chain when it has none. Requires that there is one. O(links)
Result<ResolvedSetting> resolve(const FindSetting& find, const Place& place);

struct Override {
    Place place;
    const json::Value* value = nullptr;
    bool is_secret = false;
};
struct EffectiveSetting {
    json::Value value;
    bool is_secret = false;
    // Where it comes from; nothing when it is the parameter's default.
    std::optional<Place> from = {};
    // What it outweighs, the nearest first. When values merge, they are parts of it.
    std::vector<Override> overrides = {};
};

// For whom a key is looked up.
struct Subject {
    const Host* host = nullptr;
    const Assignment* assignment = nullptr;  // null: whatever is assigned
};
// All places that count for a key, the farthest first: global, the environments from the root down
// and the host; within each the plain key, then the one of the application alone, then the settings
// of the assignment where it is assigned there.
std::vector<Place> places_of(const Subject& subject, std::string_view key);

// What a parameter of the application says about its key.
struct ParameterRule {
    const json::Value* default_value = nullptr;
    // Values that are objects are merged member by member, one level deep: the nearest member wins,
    // and a null takes it away.
    bool merges = false;
};
// Nothing when neither a setting nor a default gives it a value. O(places)
Result<std::optional<EffectiveSetting>> find_effective(const FindSetting& find,
                                                       const Subject& subject, std::string_view key,
                                                       const ParameterRule& rule);

// Whether the subject has another value for the key when the setting at `place` is another, be it
// by links. There may be none at `place` now: then whether it would count. O(places x links)
bool depends_on(const FindSetting& find, const Subject& subject, std::string_view key,
                const ParameterRule& rule, const Place& place);

}  // namespace evenkeel::compile
