#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "orchestrator/compile/templates/limits.hpp"
#include "orchestrator/compile/templates/template.hpp"

// Whatever text comes, it is refused at a place within it, or it is rendered: within the limits, to
// the same whatever the order of members, and with names that it announced.
namespace {

namespace json = evenkeel::json;
namespace templates = evenkeel::templates;

void demand(bool holds) {
    if (!holds) std::abort();
}

class Names : public templates::NameSource {
  public:
    explicit Names(std::string_view object) : names_(json::parse(object).value()) {}

    evenkeel::Result<templates::FoundName> find(std::string_view name) override {
        asked.emplace_back(name);
        return templates::FoundName{names_.find(name), name == "key"};
    }
    std::vector<std::string> known() override {
        std::vector<std::string> known;
        for (const auto& [name, value] : names_.as_object()) known.push_back(name);
        return known;
    }

    std::vector<std::string> asked;

  private:
    json::Value names_;
};

// Truth values and lists of lists, so that blocks repeat what is inside them.
constexpr std::string_view kNames =
    R"({"t":true,"f":false,"n":7,"s":"text","key":"k","l":[1,"a",{"a":2,"b":[0]}],)"
    R"("o":{"a":1,"b":{"c":null}},"ll":[[1,2,3,4],[5,6,7,8],[9,0,1,2]],)"
    R"("host":{"labels":{"a":"x","a.b":"y"},"facts":{"os":{"id":"z"}}}})";
constexpr std::string_view kReversed =
    R"({"host":{"facts":{"os":{"id":"z"}},"labels":{"a.b":"y","a":"x"}},)"
    R"("ll":[[1,2,3,4],[5,6,7,8],[9,0,1,2]],"o":{"b":{"c":null},"a":1},)"
    R"("l":[1,"a",{"b":[0],"a":2}],"key":"k","s":"text","n":7,"f":false,"t":true})";

// A filter is a name, and holds where that is true.
templates::TemplateResult<templates::Condition> read_condition(std::string_view text) {
    const std::string path(text);
    return templates::Condition{
        .fields = {{path, 0}},
        .holds = [path](const templates::FindField& find) -> evenkeel::Result<bool> {
            const json::Value* const found = EK_TRY(find(path));
            return found && *found == json::Value(true);
        }};
}

bool announces(const templates::Template& read, const std::string& asked) {
    const auto& uses = read.names_used();
    return std::any_of(uses.begin(), uses.end(), [&](const templates::NameUse& use) {
        return use.path == asked || use.path.starts_with(asked + ".");
    });
}

void check_fault(const templates::Fault& fault, std::string_view text) {
    demand(fault.place.byte <= text.size() && fault.place.line >= 1 && fault.place.column >= 1);
    demand(!fault.what.empty() && evenkeel::is_utf8(fault.what));
}

void check(const templates::Template& read, const std::string& text) {
    Names names(kNames);
    const auto rendered = read.render(names);
    Names reversed(kReversed);
    const auto again = read.render(reversed);
    for (const std::string& name : names.asked) demand(announces(read, name));
    demand(rendered.has_value() == again.has_value());
    if (!rendered) {
        check_fault(rendered.error(), text);
        demand(to_string(rendered.error()) == to_string(again.error()));
        return;
    }
    demand(rendered->value == again->value);
    const bool asked_for_key =
        std::find(names.asked.begin(), names.asked.end(), "key") != names.asked.end();
    demand(rendered->secret.has_value() == asked_for_key);
    if (!rendered->value.is_string()) return;
    const std::string& out = rendered->value.as_string();
    demand(out.size() <= templates::kOutputBytesMost);
    demand(!evenkeel::is_utf8(text) || evenkeel::is_utf8(out));
    demand(!read.is_plain() || out == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// The first byte chooses the marks. A line end at the end is that of the seed's file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (text.ends_with('\n')) text.pop_back();
    const templates::Marks marks =
        data[0] == '<' ? templates::Marks{"<%", "%>"} : templates::Marks{};
    const auto read = templates::Template::parse(text, read_condition, marks);
    if (read) {
        check(*read, text);
    } else {
        check_fault(read.error(), text);
    }
    return 0;
}
