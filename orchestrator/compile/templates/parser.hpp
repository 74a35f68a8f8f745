#pragma once

#include "orchestrator/compile/templates/program.hpp"

namespace evenkeel::templates {

struct Marks;

// One pass over program.text, which fills in the rest.
TemplateResult<> parse_into(Program& program, const ReadCondition& read_condition,
                            const Marks& marks);

}  // namespace evenkeel::templates
