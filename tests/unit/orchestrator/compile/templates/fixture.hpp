#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"
#include "orchestrator/compile/templates/template.hpp"

namespace evenkeel::templates {

// The members of an object; it remembers what it was asked for.
class TestNames : public NameSource {
  public:
    explicit TestNames(std::string_view object, std::set<std::string> secrets = {});
    explicit TestNames(json::Object object) : names(std::move(object)) {}

    Result<FoundName> find(std::string_view name) override;
    std::vector<std::string> known() override;

    json::Value names;
    std::set<std::string> secrets;
    std::string broken;  // asking for this name fails
    std::set<std::string> asked;
};

// Knows `FIELD = VALUE`, `FIELD > VALUE`, `FIELD < VALUE` with a VALUE in JSON or a bare word.
TemplateResult<Condition> read_test_condition(std::string_view text);

Template parsed(std::string text, const Marks& marks = {});
// The fault of a text that does not parse.
Fault fault_of(std::string text);
// The value as JSON, or what is wrong, with its place.
std::string render(std::string text, std::string_view names = "{}");
// The fault of a text that parses and does not render.
Fault render_fault(std::string text, std::string_view names = "{}");

}  // namespace evenkeel::templates
