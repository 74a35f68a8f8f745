#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "orchestrator/compile/templates/scope.hpp"
#include "orchestrator/compile/templates/template.hpp"

namespace evenkeel::templates {

// One rendering of a program.
class Renderer {
  public:
    Renderer(const Program& program, NameSource& names) : program_(program), scope_(names) {}

    TemplateResult<Rendered> render();

  private:
    // The ops from `begin` to `end`. Recursion is as deep as blocks are nested: 32 at most.
    TemplateResult<> run(std::size_t begin, std::size_t end);
    // `begin`: of the content.
    TemplateResult<> run_block(const Op& op, std::size_t begin);
    TemplateResult<> run_section(const Op& op, std::size_t begin, const Scope::Target& target);
    TemplateResult<json::Value> value_of(const Op& op);
    TemplateResult<> put_value(const Op& op);
    TemplateResult<std::string> formatted(const Expression& expression, const json::Value& value);
    TemplateResult<> put(std::string_view text, std::size_t byte);

    const Program& program_;
    Scope scope_;
    std::string out_;
};

}  // namespace evenkeel::templates
