#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/json.hpp"
#include "orchestrator/compile/templates/condition.hpp"
#include "orchestrator/compile/templates/fault.hpp"
#include "orchestrator/compile/templates/name_source.hpp"

// The strings of an application's resources are templates in Mustache's syntax, rendered for each
// host by this renderer, which knows neither hosts nor settings. It is our own since a
// configuration file needs what other renderers do not give: a wrong name is an error and never
// nothing, items do not see what is around them, a value keeps its type, and no template runs long
// or grows without bound. docs/templates.md has the grammar.
namespace evenkeel::templates {

struct Program;

// What begins and ends a tag.
struct Marks {
    std::string open = "{{";
    std::string close = "}}";
};
// `invalid` unless each is 1 to 8 ASCII characters other than letters, digits, blanks, quotes, a
// backslash and `=`.
Result<Marks> read_marks(std::string open, std::string close);

struct Rendered {
    // The text; of a template that is one single tag the value itself, with its type.
    json::Value value;
    // The first secret name that was looked up: the value then is secret as well.
    std::optional<NameUse> secret;
};

// One string, parsed once and rendered any number of times. It never changes, so that copies share
// what was parsed, and threads may render at the same time. [any]
class Template {
  public:
    // `text` is valid UTF-8. Time and memory grow as the text does; `limit` over 512 KiB, 10,000
    // tags or 32 blocks inside each other. Without `read_condition`, #if is a fault.
    static TemplateResult<Template> parse(std::string text,
                                          const ReadCondition& read_condition = {},
                                          const Marks& marks = {});

    // The same for equal values of the names, whatever the order of their members. `limit` over 512
    // KiB of output or 1,000,000 steps, found out before much more is done. Nothing is rendered in
    // part: it is all or a fault.
    TemplateResult<Rendered> render(NameSource& names) const;

    // Has no tag, so that rendering it gives the text.
    bool is_plain() const;
    // The names of the top level that it can look up, sorted by path, each once. Of a block whose
    // content is not rendered too. In a section over a list or an object they may be more than are
    // really looked up, never less.
    const std::vector<NameUse>& names_used() const;
    // For a NameUse.
    Place place_of(std::size_t byte) const;

  private:
    explicit Template(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

    std::shared_ptr<const Program> program_;
};

}  // namespace evenkeel::templates
