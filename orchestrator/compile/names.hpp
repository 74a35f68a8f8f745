#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/compile/compile.hpp"

// The names that templates see. Inside this folder only.
namespace evenkeel::compile {

// Of one assignment on one host; each is worked out when it is asked for first.
class AssignmentNames : public templates::NameSource {
  public:
    // All outlive it.
    AssignmentNames(const Host& host, const json::Value& host_value, const Assigned& assigned,
                    const Sources& sources);

    Result<templates::FoundName> find(std::string_view name) override;
    std::vector<std::string> known() override;

    // Of a parameter or setting; null where it has none. The error names the setting.
    Result<const EffectiveSetting*> setting(std::string_view key);

  private:
    Result<json::Value> find_peers();

    const Host& host_;
    const json::Value& host_value_;
    const Assigned& assigned_;
    const Sources& sources_;
    json::Value environment_;
    json::Value application_;
    std::optional<Result<json::Value>> peers_;
    std::map<std::string, Result<std::optional<EffectiveSetting>>, std::less<>> settings_;
};

// The same with `item` and `key` of a for_each.
class ItemNames : public templates::NameSource {
  public:
    ItemNames(templates::NameSource& outer, const json::Value& item, json::Value key)
        : outer_(outer), item_(item), key_(std::move(key)) {}

    Result<templates::FoundName> find(std::string_view name) override;
    std::vector<std::string> known() override;

  private:
    templates::NameSource& outer_;
    const json::Value& item_;
    json::Value key_;
};

// Visits the names with each item of a list, or member of an object; false when it is neither.
bool each_item(const json::Value& list, templates::NameSource& names,
               const std::function<void(templates::NameSource&)>& visit);

// {"id","name","labels","facts"}
json::Value value_of(const Host& host);

}  // namespace evenkeel::compile
