#include "core/agent/model/truncate.hpp"

#include <functional>

#include "core/json/json.hpp"
#include "core/wire/resource.hpp"
#include "core/wire/words.hpp"

namespace evenkeel::agent {
namespace {

// `data` itself, and each entry of its "resources".
void each_part(json::Value& data, const std::function<void(json::Object&)>& cut) {
    cut(data.as_object());
    json::Value* resources = data.as_object().find("resources");
    if (!resources || !resources->is_array()) return;
    for (json::Value& entry : resources->as_array()) {
        if (entry.is_object()) cut(entry.as_object());
    }
}

void cut_diffs(json::Object& part) {
    json::Value* changes = part.find("changes");
    if (!changes || !changes->is_array()) return;
    for (json::Value& change : changes->as_array()) {
        if (change.is_object()) change.as_object().erase("diff");
        for (const char* side : {"before", "after"}) {
            json::Value* value = change.is_object() ? change.as_object().find(side) : nullptr;
            if (value && value->is_object()) value->as_object().erase("diff");
        }
    }
}

// A resource's state is an object; that of a command is its end, in a word.
void cut_state(json::Object& part) {
    json::Value* state = part.find("state");
    if (state && state->is_object()) *state = nullptr;
}

void cut_notes(json::Object& part) {
    part.erase("notes");
}

void cut_output(json::Object& part) {
    json::Value* output = part.find("output");
    if (!output || !output->is_object()) return;
    output->as_object().set("text", "");
    output->as_object().set("cut", true);
}

void cut_changes(json::Object& part) {
    if (part.contains("changes")) part.set("changes", json::Array{});
}

bool is_outcome(const json::Value& data) {
    return data["command"].is_string() && data["state"].is_string() && data["resources"].is_array();
}

// A command must end: what it has done to its resources is told in other events.
void cut_resources(json::Object& outcome) {
    const std::size_t count = outcome.find("resources")->as_array().size();
    const std::string what = "the command has ended " + outcome.find("state")->as_string() +
                             ", but the outcome of its " + std::to_string(count) +
                             " resources is too large to be reported";
    outcome.set("state", wire::to_string(wire::EndState::failed));
    outcome.set("resources", json::Array{});
    outcome.set("error", wire::encode(Error{Errc::limit, what}));
}

}  // namespace

std::string write_truncated(json::Value& data, std::size_t most) {
    std::string text = json::write(data);
    if (!data.is_object()) return text;
    for (const auto& cut : {cut_diffs, cut_output, cut_state, cut_notes, cut_changes}) {
        if (text.size() <= most) break;
        each_part(data, cut);
        data.as_object().set("truncated", true);
        text = json::write(data);
    }
    if (text.size() > most && is_outcome(data)) {
        cut_resources(data.as_object());
        text = json::write(data);
    }
    return text;
}

}  // namespace evenkeel::agent
