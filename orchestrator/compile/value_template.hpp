#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/json/json.hpp"
#include "orchestrator/compile/templates/template.hpp"

// JSON whose strings are templates: a description as an application has it.
namespace evenkeel::compile {

// A fault and where it is.
struct PlacedFault {
    std::string pointer;  // RFC 6901, from the value on
    templates::Fault fault;
};

// A string into which a secret flowed.
struct SecretUse {
    std::string pointer;
    std::string name;  // of the secret, as the template has it
};

// Parsed once and rendered for each host. Names of members are no templates. Thread-safe.
class ValueTemplate {
  public:
    // How strings are read. Without marks they are taken as they are.
    struct Reading {
        const templates::ReadCondition* read_condition = nullptr;
        const templates::Marks* marks = nullptr;
    };
    // All faults are added to `faults`.
    static ValueTemplate parse(const json::Value& value, const Reading& reading,
                               std::vector<PlacedFault>& faults);

    struct Rendered {
        json::Value value;
        std::vector<SecretUse> secrets;
    };
    // Ends at the first fault.
    tl::expected<Rendered, PlacedFault> render(templates::NameSource& names) const;

    // Adds the names that it can look up.
    void collect_names(std::vector<std::string>& names) const;

  private:
    using Items = std::vector<ValueTemplate>;
    using Members = std::vector<std::pair<std::string, ValueTemplate>>;

    static ValueTemplate parse_at(const json::Value& value, const std::string& pointer,
                                  const Reading& reading, std::vector<PlacedFault>& faults);
    tl::expected<json::Value, PlacedFault> render_at(const std::string& pointer,
                                                     templates::NameSource& names,
                                                     std::vector<SecretUse>& secrets) const;

    // What holds no template stands as it is.
    std::variant<json::Value, templates::Template, Items, Members> data_;
};

}  // namespace evenkeel::compile

namespace evenkeel {

// For EK_TRY.
inline tl::unexpected<compile::PlacedFault> fail(compile::PlacedFault fault) {
    return tl::unexpected<compile::PlacedFault>(std::move(fault));
}

}  // namespace evenkeel
