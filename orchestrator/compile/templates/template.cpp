#include "orchestrator/compile/templates/template.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/compile/templates/parser.hpp"
#include "orchestrator/compile/templates/program.hpp"
#include "orchestrator/compile/templates/renderer.hpp"

namespace evenkeel::templates {
namespace {

bool is_mark(char c) {
    constexpr std::string_view kNot = "\"'\\=";
    const bool printable = c > ' ' && c <= '~';
    const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return printable && !word && kNot.find(c) == std::string_view::npos;
}

bool is_mark(const std::string& text) {
    return !text.empty() && text.size() <= 8 &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_mark(c); });
}

}  // namespace

Result<Marks> read_marks(std::string open, std::string close) {
    for (const std::string& mark : {open, close}) {
        if (!is_mark(mark)) {
            return fail(Errc::invalid,
                        "expected a mark of 1 to 8 characters such as <%, not " + quoted(mark));
        }
    }
    return Marks{std::move(open), std::move(close)};
}

TemplateResult<Template> Template::parse(std::string text, const ReadCondition& read_condition,
                                         const Marks& marks) {
    auto program = std::make_shared<Program>();
    program->text = std::move(text);
    if (auto fault = parse_into(*program, read_condition, marks); !fault) {
        fault.error().place = templates::place_of(program->text, fault.error().place.byte);
        return fail(std::move(fault.error()));
    }
    return Template(std::move(program));
}

TemplateResult<Rendered> Template::render(NameSource& names) const {
    auto rendered = Renderer(*program_, names).render();
    if (!rendered) rendered.error().place = place_of(rendered.error().place.byte);
    return rendered;
}

bool Template::is_plain() const {
    const std::vector<Op>& ops = program_->ops;
    if (ops.empty()) return program_->text.empty();  // else a comment stands there
    const Op& first = ops.front();
    return first.kind == Op::Kind::text && first.end - first.begin == program_->text.size();
}

const std::vector<NameUse>& Template::names_used() const {
    return program_->uses;
}

Place Template::place_of(std::size_t byte) const {
    return templates::place_of(program_->text, byte);
}

}  // namespace evenkeel::templates
