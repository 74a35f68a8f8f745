#pragma once

#include "core/json/text.hpp"
#include "core/wire/resource.hpp"

// What several records say alike, as members of a text. Internal to this folder.
namespace evenkeel::state {

void write_generation(const wire::Generation& generation, json::Text& out);
// Nothing where there are none.
void write_relations(const wire::Relations& relations, json::Text& out);

}  // namespace evenkeel::state
