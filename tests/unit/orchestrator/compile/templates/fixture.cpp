#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

#include <gtest/gtest.h>

namespace evenkeel::templates {
namespace {

bool holds(const json::Value& found, char sign, const json::Value& wanted) {
    if (sign == '=') return found == wanted;
    if (!found.is_number() || !wanted.is_number()) return false;
    return sign == '<' ? found.as_number() < wanted.as_number()
                       : found.as_number() > wanted.as_number();
}

}  // namespace

TestNames::TestNames(std::string_view object, std::set<std::string> secret_names)
    : names(json::parse(object).value()), secrets(std::move(secret_names)) {}

Result<FoundName> TestNames::find(std::string_view name) {
    asked.emplace(name);
    if (name == broken) return fail(Errc::conflict, "the links close a circle");
    return FoundName{names.find(name), secrets.contains(std::string(name))};
}

std::vector<std::string> TestNames::known() {
    std::vector<std::string> known;
    for (const auto& [name, value] : names.as_object()) known.push_back(name);
    return known;
}

TemplateResult<Condition> read_test_condition(std::string_view text) {
    const std::size_t sign = text.find_first_of("=<>");
    if (sign == std::string_view::npos) return fault_at(text.size(), "expected =, < or >");
    const std::string path(text.substr(0, text.find_first_of(" =<>")));
    std::string_view word = text.substr(sign + 1);
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    const json::Value wanted = json::parse(word).value_or(json::Value(word));
    Condition condition{.fields = {{path, 0}}, .holds = {}};
    condition.holds = [=, kind = text[sign]](const FindField& find) -> Result<bool> {
        const json::Value* const found = EK_TRY(find(path));
        return holds(found ? *found : json::Value(), kind, wanted);
    };
    return condition;
}

Template parsed(std::string text, const Marks& marks) {
    return Template::parse(std::move(text), read_test_condition, marks).value();
}

Fault fault_of(std::string text) {
    const auto read = Template::parse(text, read_test_condition);
    EXPECT_FALSE(read) << text;
    return read ? Fault() : read.error();
}

std::string render(std::string text, std::string_view names) {
    const auto read = Template::parse(std::move(text), read_test_condition);
    if (!read) return to_string(read.error());
    TestNames source(names);
    const auto rendered = read->render(source);
    return rendered ? json::write(rendered->value) : to_string(rendered.error());
}

Fault render_fault(std::string text, std::string_view names) {
    TestNames source(names);
    const auto rendered = parsed(std::move(text)).render(source);
    EXPECT_FALSE(rendered);
    return rendered ? Fault() : rendered.error();
}

}  // namespace evenkeel::templates
