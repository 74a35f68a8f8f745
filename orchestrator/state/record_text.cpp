#include "orchestrator/state/record_text.hpp"

#include "core/wire/fields.hpp"

namespace evenkeel::state {

void write_generation(const wire::Generation& generation, json::Text& out) {
    out.name("generation");
    wire::GenerationOrNull::write(generation, out);
}

void write_relations(const wire::Relations& relations, json::Text& out) {
    if (!relations.required.empty()) out.member("requires", wire::encode(relations.required));
    if (!relations.notified.empty()) out.member("notifies", wire::encode(relations.notified));
}

}  // namespace evenkeel::state
