#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orchestrator/api/api_result.hpp"
#include "orchestrator/compile/settings.hpp"
#include "orchestrator/state/model_objects.hpp"

namespace evenkeel::secrets {
class Protector;
}

// Objects of the model as REST shows them, but for their revision. Secrets are redacted. [any]
namespace evenkeel::api {

struct Context;

// `body` as the model keeps it. `hosts`: how many are in it.
json::Object show_environment(const std::string& name, const json::Value& body,
                              std::uint64_t hosts);
json::Object show_application(const std::string& name, std::uint32_t version,
                              const json::Value& body);
json::Object show_assignment(const std::string& name, const json::Value& body,
                             json::Object settings);
// {"value","secret","link","source"}
json::Object show_value(const secrets::Protector& protector, const compile::Setting& setting);
// The same with {"scope","key"}.
json::Object show_setting(const secrets::Protector& protector, const compile::Place& place,
                          const compile::Setting& setting);

struct KeptSetting {
    compile::Setting setting;
    std::uint64_t revision = 0;
};
// Nothing when there is none. O(1)
Result<std::optional<KeptSetting>> find_setting(const state::View& view,
                                                const secrets::Protector& protector,
                                                const compile::Place& place);
// All settings of a scope by key, each as show_value(). O(settings)
Result<json::Object> show_scope(const state::View& view, const secrets::Protector& protector,
                                const compile::Scope& scope);
// Those whose names begin so are the scope's.
std::string names_in(const compile::Scope& scope);

// {"redacted": fingerprint}; null stays null.
json::Value redacted(const secrets::Protector& protector, const json::Value& secret);

}  // namespace evenkeel::api
